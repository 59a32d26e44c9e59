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

    private let store: any FileStore
    private let downloader: BlobDownloader
    private let template: FileKeyTemplate
    private let gate: TransferGate
    private let turn: TransferTurn.Length

    /// Creates a delivery.
    ///
    /// - Parameters:
    ///   - store: The file store.
    ///   - downloader: Downloads the files.
    ///   - template: The keys of the files in the store.
    ///   - transfers: How many files are transferred at the same time; further ones wait for a turn.
    public init(
        store: any FileStore,
        downloader: BlobDownloader,
        template: FileKeyTemplate = .standard,
        transfers: Int = 4
    ) {
        self.init(store, downloader, template, transfers, TransferTurn.Length())
    }

    init(
        _ store: any FileStore,
        _ downloader: BlobDownloader,
        _ template: FileKeyTemplate,
        _ transfers: Int,
        _ turn: TransferTurn.Length
    ) {
        self.store = store
        self.downloader = downloader
        self.template = template
        self.turn = turn
        activity = FileActivity(location: store.location)
        gate = TransferGate(limit: transfers)
    }

    /// Delivers a job's file. A repetition stores the same content under the same key.
    func deliver(
        _ call: Call,
        from url: String,
        freshURL: @escaping @Sendable () async throws -> SASURL?
    ) async -> CallResult {
        let token = activity.began(job: call.job.id, account: call.job.account)
        let result: CallResult
        do {
            let turn = try await TransferTurn(gate, account: call.job.account, activity, token, turn)
            result = await transfer(call, from: SASURL(url), turn, freshURL)
            await turn.end()
        } catch {
            result = .failed(.abandoned)
        }
        activity.ended(token)
        return result
    }

    private func transfer(
        _ call: Call,
        from source: SASURL,
        _ turn: TransferTurn,
        _ freshURL: @escaping @Sendable () async throws -> SASURL?
    ) async -> CallResult {
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
                let blob = try await downloader.download(source, to: UploadConsumer(upload, turn)) {
                    guard let fresh = try await freshURL() else { throw FileNotReady() }
                    return fresh
                }
                let stored = try await upload.finish()
                guard stored.sizeBytes == blob.size, stored.sha256 == blob.sha256 else {
                    return .failed(
                        .transient(message: "The stored file differs from the one downloaded; it is fetched again.")
                    )
                }
                activity.stored(bytes: stored.sizeBytes)
                return .stored(ExportFile(stored, fileName: key.parts.last ?? blob.fileName))
            } catch {
                await upload.abort()
                throw error
            }
        } catch {
            return Self.result(of: error)
        }
    }

    private static func result(of error: any Error) -> CallResult {
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
            return .failed(error.kind == .cancelled ? .abandoned : .transient(message: error.description))
        case let error as PayoutAPIError: return ExportsClient.result(of: error)
        case is FileNotReady: return .urlExpired
        case is CancellationError: return .failed(.abandoned)
        default: return .failed(.transient(message: "The file could not be delivered: \(error)"))
        }
    }
}

/// The service returned no URL for an export that had one before.
private struct FileNotReady: Error {}

/// Writes the chunks of a download to an upload while its turn lasts.
private struct UploadConsumer: BlobConsumer {
    private let upload: any FileUpload
    private let turn: TransferTurn

    init(_ upload: any FileUpload, _ turn: TransferTurn) {
        self.upload = upload
        self.turn = turn
    }

    func begin(_ info: BlobInfo) async throws { await turn.expect(info.expectedSize) }

    func receive(_ chunk: ByteBuffer) async throws {
        try await upload.write(Array(chunk.readableBytesView))
        try await turn.received(chunk.readableBytes)
    }

    func restart() async throws {
        try await upload.restart()
        await turn.restarted()
    }
}

extension ExportFile {
    init(_ file: StoredFile, fileName: String) {
        self.init(
            location: file.location,
            stored: true,
            fileName: fileName,
            mediaType: file.mediaType.rawValue,
            sizeBytes: file.sizeBytes,
            sha256: file.sha256,
            expiresAt: nil,
            entries: file.entries.map { ArchiveEntry(name: $0.name, sizeBytes: $0.sizeBytes) }
        )
    }
}
