import ExportCore
public import FileStores
import Foundation
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
    private let template: FileKeyTemplate

    /// Creates a delivery.
    ///
    /// - Parameters:
    ///   - store: The file store.
    ///   - downloader: Downloads the files.
    ///   - template: The keys of the files in the store.
    public init(store: any FileStore, downloader: BlobDownloader, template: FileKeyTemplate = .standard) {
        self.store = store
        self.downloader = downloader
        self.template = template
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
        let key = template.key(
            FileKeyValues(
                account: call.job.account,
                kind: PayoutKind(call.job.kind).rawValue,
                jobID: call.job.id,
                requestID: call.requestID ?? "",
                fileName: source.fileName,
                format: expected,
                date: call.accepted.milliseconds
            )
        )
        let metadata = FileMetadata(
            expected: expected,
            jobID: call.job.id,
            requestID: call.requestID
        )
        do {
            let upload = try await store.begin(key, metadata: metadata)
            do {
                let consumer = UploadConsumer(upload: upload, transfer: transfer, activity: activity, token: token)
                let blob = try await downloader.download(source, to: consumer) {
                    guard let fresh = try await freshURL() else { throw FileNotReady() }
                    return fresh
                }
                let stored = try await upload.finish(ContentDigests(sha256: blob.sha256, md5: blob.md5))
                activity.stored(bytes: stored.sizeBytes)
                return .stored(ExportFile(stored, sha256: blob.sha256, fileName: key.parts.last ?? blob.fileName))
            } catch {
                await upload.abort()
                throw error
            }
        } catch {
            return Self.result(of: error)
        }
    }

    static func result(of error: any Error) -> CallResult {
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
            let message = error.description
            return .failed(error.concernsStore ? .storeUnavailable(message: message) : .transient(message: message))
        // A poll requests the URL again, when the account's budget and state permit it.
        case is PayoutAPIError, is FileNotReady: return .urlExpired
        case is CancellationError: return .failed(.abandoned)
        default: return .failed(.transient(message: "The file could not be delivered: \(error)"))
        }
    }
}

/// The service returned no URL for an export that had one before.
private struct FileNotReady: Error {}

/// Writes the chunks of a download to an upload while the download is not suspended.
private struct UploadConsumer: BlobConsumer {
    let upload: any FileUpload
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
        try await upload.write(chunk)
        activity.update(token) { $0.receivedBytes += Int64(chunk.readableBytes) }
    }

    func restart() async throws {
        try await upload.restart()
        activity.update(token) { $0.receivedBytes = 0 }
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
