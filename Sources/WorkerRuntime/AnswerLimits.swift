import ExportCore

/// The bounds of the answers of the service and the file store, because all parts of them can end up in a record.
///
/// An identifier that is too long (a request id, a URL, a location) fails its call, because a truncated one would
/// identify something else. Texts for people are truncated.
enum AnswerLimits {
    /// The longest request id, in bytes. The service's are GUIDs.
    static let requestIDBytes = 256
    /// The longest URL or location of a file, in bytes.
    static let locationBytes = 8_192
    /// The longest name of a file, in bytes.
    static let fileNameBytes = 1_024
    /// The longest names of an archive's members together, in bytes. An archive with longer ones has no list.
    static let entryNamesBytes = 16_384
    /// The longest names of a file's columns together, in bytes. A file with longer ones has no list.
    static let columnNamesBytes = 16_384
    /// The most names of a file's columns.
    static let columnNames = 1_024
    /// The longest error text, in bytes.
    static let messageBytes = 4_096
    /// The longest media type, checksum or status, in bytes.
    static let wordBytes = 256
}

extension CallResult {
    /// The answer with all parts bounded.
    func bounded() -> CallResult {
        switch self {
        case .created(let requestID): Self.tooLong("request id", requestID, AnswerLimits.requestIDBytes) ?? self
        case .polled(let status, let url, let expiresAt, let requested):
            url.flatMap { Self.tooLong("URL of the export's file", $0, AnswerLimits.locationBytes) }
                ?? .polled(status.bounded, url: url, expiresAt: expiresAt, requested: requested)
        case .stored(let file):
            Self.tooLong("location of the stored file", file.location, AnswerLimits.locationBytes)
                ?? .stored(file.bounded)
        case .failed(let failure): .failed(failure.bounded)
        case .deleted, .notDeletableYet, .notFound, .urlExpired: self
        }
    }

    /// The failure for an identifier that is too long; `nil` for one that is not.
    private static func tooLong(_ what: String, _ text: String, _ limit: Int) -> CallResult? {
        guard text.utf8.count > limit else { return nil }
        return .failed(
            .refused(
                message:
                    "The \(what) has \(text.utf8.count) bytes, and at most \(limit) are handled. Check whether a proxy answers in the service's place; otherwise ask the service's support."
            )
        )
    }
}

extension ExportStatus {
    fileprivate var bounded: ExportStatus {
        if case .unknown(let text) = self { .unknown(text.truncated(toBytes: AnswerLimits.wordBytes)) } else { self }
    }
}

extension ExportFile {
    fileprivate var bounded: ExportFile {
        var file = self
        file.fileName = fileName.truncated(toBytes: AnswerLimits.fileNameBytes)
        file.mediaType = mediaType?.truncated(toBytes: AnswerLimits.wordBytes)
        file.sha256 = sha256?.truncated(toBytes: AnswerLimits.wordBytes)
        let names = entries.reduce(0) { $0 + $1.name.utf8.count }
        if names > AnswerLimits.entryNamesBytes { file.entries = [] }
        if let columns = content?.columns,
            columns.count > AnswerLimits.columnNames
                || columns.reduce(0, { $0 + $1.utf8.count }) > AnswerLimits.columnNamesBytes
        {
            file.content?.columns = nil
        }
        return file
    }
}

extension CallFailure {
    fileprivate var bounded: CallFailure {
        func cut(_ message: String) -> String { message.truncated(toBytes: AnswerLimits.messageBytes) }
        return switch self {
        case .transient(let message): .transient(message: cut(message))
        case .storeUnavailable(let message): .storeUnavailable(message: cut(message))
        case .refused(let message): .refused(message: cut(message))
        case .unusableFile(let message): .unusableFile(message: cut(message))
        case .refusedLocation(let message): .refusedLocation(message: cut(message))
        case .account(.refused(let message)): .account(.refused(message: cut(message)))
        case .account(.mfaRequired(let message)): .account(.mfaRequired(message: cut(message)))
        case .account(.locked(let message)): .account(.locked(message: cut(message)))
        case .throttled, .abandoned: self
        }
    }
}
