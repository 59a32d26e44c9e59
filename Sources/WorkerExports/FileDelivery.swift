import ExportCore
public import FileStores
import HTTPAccess
import NIOCore
public import PayoutAPI
import PayoutFilters
public import WorkerRuntime

/// Transfers an export's file from the service into the file store.
public struct FileDelivery: Sendable {
    /// The state of the store and of the transfers into it.
    public let activity: FileActivity

    let store: any FileStore
    private let downloader: BlobDownloader
    let texts: any DeliveryTexts
    private let template: FileKeyTemplate
    private let placeholders: Set<FileKeyPlaceholder>

    /// Creates a delivery.
    ///
    /// - Parameters:
    ///   - store: The file store.
    ///   - downloader: Downloads the files.
    ///   - texts: The sentences about what fails.
    ///   - template: The keys of the files in the store.
    public init(
        store: any FileStore,
        downloader: BlobDownloader,
        texts: any DeliveryTexts,
        template: FileKeyTemplate = .standard
    ) {
        self.store = store
        self.downloader = downloader
        self.texts = texts
        self.template = template
        placeholders = template.placeholders
        activity = FileActivity(location: store.location)
    }

    /// Delivers a job's file. A repetition stores the same content under the same key.
    ///
    /// - Parameter transfer: Says before each chunk whether it may be received.
    func deliver(
        _ call: Call,
        from url: String,
        _ transfer: Transfer,
        freshURL: @escaping @Sendable () async throws -> SASURL?
    ) async -> CallResult {
        let token = activity.began(job: call.job.id, account: call.job.account)
        defer { activity.ended(token) }
        let source = SASURL(url)
        let expected: MediaType = call.job.fileFormat == .csv ? .csv : .tsv
        let key = key(call, fileName: source.fileName, expected)
        let metadata = FileMetadata(
            expected: expected,
            jobID: call.job.id,
            requestID: call.requestID
        )
        do {
            let upload = try await store.begin(key, metadata: metadata)
            do {
                let beginning = FileBeginning()
                let consumer = UploadConsumer(
                    upload: upload,
                    beginning: beginning,
                    transfer: transfer,
                    activity: activity,
                    token: token
                )
                let blob = try await downloader.download(source, to: consumer) {
                    guard let fresh = try await freshURL() else { throw FileNotReady() }
                    return fresh
                }
                if blob.content == nil { try beginning.expectArchive() }
                let stored = try await upload.finish(ContentDigests(sha256: blob.sha256, md5: blob.md5))
                activity.stored(bytes: stored.sizeBytes)
                var file = ExportFile(stored, sha256: blob.sha256, fileName: key.parts.last ?? blob.fileName)
                if !stored.mediaType.isArchive {
                    file.content = blob.content.map { FileContent($0, call.job.fileFormat) }
                }
                return .stored(file)
            } catch {
                await upload.abort()
                throw error
            }
        } catch let error as UnsuitableContent {
            return .failed(.unusableFile(message: texts.sentence(for: UnsuitableFile(call, error))))
        } catch {
            return result(of: error)
        }
    }

    /// The key of a job's file. Only what the template names is read from the job.
    private func key(_ call: Call, fileName: String, _ format: MediaType) -> FileKey {
        let (job, kind) = (call.job, PayoutKind(call.job.kind))
        var values = FileKeyValues(
            account: job.account,
            kind: kind.rawValue,
            jobID: job.id,
            requestID: call.requestID ?? "",
            fileName: fileName,
            format: format,
            date: call.accepted.milliseconds
        )
        values.batch = job.batch?.id
        if placeholders.contains(.periodFrom) || placeholders.contains(.periodTo), let filter = job.filter {
            let bounds = ODataFilter.parse(filter).expression?.bounds(of: kind.dateFieldName)
            values.period = FileKeyValues.Period(from: bounds?.from.dateText, to: bounds?.to.dateText)
        }
        let hasMetadata = placeholders.contains { if case .metadata = $0 { true } else { false } }
        if hasMetadata { values.metadata = job.metadata ?? [:] }
        return template.key(values)
    }

    func result(of error: any Error) -> CallResult {
        switch error {
        case let error as BlobDownloadError:
            if case .expired = error.reason { return .urlExpired }
            if case .refusedURL = error.reason { return .failed(.refusedLocation(message: error.description)) }
            if error.concernsContent { return .failed(.unusableFile(message: error.description)) }
            switch error.recovery {
            case .permanentForJob: return .failed(.refused(message: error.description))
            case .retryable, .throttled, .permanentForAccount:
                return .failed(.transient(message: error.description))
            }
        // A failing store may recover while the job waits; the job's deadline bounds the retries.
        case let error as FileStoreError:
            if error.kind == .cancelled { return .failed(.abandoned) }
            let message = texts.sentence(for: error)
            return .failed(error.concernsStore ? .storeUnavailable(message: message) : .transient(message: message))
        // A poll requests the URL again, when the account's budget and state permit it.
        case is PayoutAPIError, is FileNotReady: return .urlExpired
        case is CancellationError: return .failed(.abandoned)
        default: return .failed(.transient(message: "The file could not be delivered: \(error)"))
        }
    }
}

extension FilterLiteral? {
    /// The text of a date; nil for other literals.
    fileprivate var dateText: String? {
        if case .dateTime(let text) = self { text } else { nil }
    }
}

/// The service returned no URL for an export that had one before.
private struct FileNotReady: Error {}

/// Writes the chunks of a download to an upload while the download is not suspended.
private struct UploadConsumer: BlobConsumer {
    let upload: any FileUpload
    let beginning: FileBeginning
    let transfer: Transfer
    let activity: FileActivity
    let token: FileActivity.Token

    func begin(_ info: BlobInfo) async throws { activity.update(token) { $0.expectedBytes = info.expectedSize } }

    func receive(_ chunk: ByteBuffer) async throws {
        if transfer.isSuspended {
            activity.update(token) { $0.isWaiting = true }
            try await transfer.waitWhileSuspended()
            activity.update(token) { $0.isWaiting = false }
        }
        try beginning.add(chunk)
        try await upload.write(chunk)
        activity.update(token) { $0.receivedBytes += Int64(chunk.readableBytes) }
    }

    func restart() async throws {
        beginning.restart()
        try await upload.restart()
        activity.update(token) { $0.receivedBytes = 0 }
    }
}

extension FileContent {
    /// - Parameter format: Decides the delimiter where the header has none.
    init(_ content: DelimitedContent, _ format: ExportCore.FileFormat) {
        self.init(
            rows: content.rows,
            columns: content.columns,
            headerSHA256: content.headerSHA256,
            delimiter: content.delimiter.map { String($0) } ?? (format == .csv ? "," : "\t"),
            encoding: content.encoding,
            hasByteOrderMark: content.hasByteOrderMark
        )
    }
}

extension ExportFile {
    init(_ file: StoredFile, sha256: String, fileName: String) {
        self.init(
            location: file.location,
            stored: true,
            fileName: fileName,
            mediaType: file.mediaType.rawValue,
            sizeBytes: file.sizeBytes,
            sha256: sha256,
            expiresAt: nil,
            entries: file.entries.map { ArchiveEntry(name: $0.name, sizeBytes: $0.sizeBytes) }
        )
    }
}
