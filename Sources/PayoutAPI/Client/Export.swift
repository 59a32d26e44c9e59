public import struct Foundation.Date

/// How far an export is, as the service says.
public enum ExportStatus: Sendable, Hashable {
    /// Waiting for its turn.
    case queued
    /// Being made.
    case processing
    /// Done. The file may still be missing for a while: see ``Export/isReady``.
    case completed
    /// Given up by the service after retries of its own. The remedy is a new export.
    case failed
    /// A status that this version does not know, as it came. Look again later.
    case unknown(String)

    /// Compares without regard to case and to blanks around it.
    init(text: String) {
        let text = text.trimmingBlanks()
        switch text.lowercased() {
        case "queued": self = .queued
        case "processing": self = .processing
        case "completed": self = .completed
        case "failed": self = .failed
        default: self = .unknown(text)
        }
    }
}

extension ExportStatus: CustomStringConvertible {
    /// The status as the service spells it.
    public var description: String {
        switch self {
        case .queued: "Queued"
        case .processing: "Processing"
        case .completed: "Completed"
        case .failed: "Failed"
        case .unknown(let text): text
        }
    }
}

/// What the file of an export is written in.
public enum ExportFileFormat: String, Sendable, Hashable, CaseIterable {
    /// Comma-separated values; the service's default.
    case csv
    /// Tab-separated values.
    case tsv
}

/// An export as the service described it.
public struct Export: Sendable, Hashable {
    /// The export's id at the service.
    public var requestID: String
    /// How far it is.
    public var status: ExportStatus
    /// Where the file is; nil as long as the service names no place. A bearer secret until it expires.
    public var blobLocation: SASURL?
    /// When the export was asked for.
    public var requestDateTime: Date?
    /// When the service began to make it.
    public var processingStartDateTime: Date?
    /// The path that it was asked for with.
    public var requestPath: String?
    /// The filter that it was asked for with.
    public var queryString: String?

    /// Makes an export by hand, for tests and stand-ins.
    public init(
        requestID: String,
        status: ExportStatus,
        blobLocation: SASURL? = nil,
        requestDateTime: Date? = nil,
        processingStartDateTime: Date? = nil,
        requestPath: String? = nil,
        queryString: String? = nil
    ) {
        self.requestID = requestID
        self.status = status
        self.blobLocation = blobLocation
        self.requestDateTime = requestDateTime
        self.processingStartDateTime = processingStartDateTime
        self.requestPath = requestPath
        self.queryString = queryString
    }

    /// Whether the file can be fetched. The service is known to say `Completed` before it names the file's place.
    public var isReady: Bool { self.status == .completed && self.blobLocation != nil }
}
