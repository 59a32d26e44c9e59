import ExportCore
public import FileStores
import Foundation
import NIOCore
public import PayoutAPI
import PayoutFilters
public import WorkerRuntime

/// Brings an export's file from the service into the file store.
public struct FileDelivery: Sendable {
    /// What is told of the store and of the transfers into it.
    public let activity: FileActivity

    private let store: any FileStore
    private let downloader: BlobDownloader
    private let template: FileKeyTemplate
    private let gate: TransferGate
    private let turn: TransferTurn.Length

    /// Creates a delivery.
    ///
    /// - Parameters:
    ///   - store: Where the files go.
    ///   - downloader: Fetches them.
    ///   - template: Their keys in the store.
    ///   - transfers: How many files are transferred at the same time; those beyond take turns with them.
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

    /// Delivers a job's file. Doing it again is harmless: the key is the same, and so is the content.
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
        let key = template.key(
            FileKeyValues(
                account: call.job.account,
                kind: PayoutKind(call.job.kind).rawValue,
                jobID: call.job.id,
                fileName: source.fileName,
                date: call.accepted.milliseconds
            )
        )
        let metadata = FileMetadata(
            expected: call.job.fileFormat == .csv ? .csv : .tsv,
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
                        .passing(message: "The stored file differs from the one downloaded; it is fetched again.")
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
            switch error.recovery {
            case .permanentForJob: return .failed(.refused(message: error.description))
            case .retryable, .throttled, .permanentForAccount:
                return .failed(.passing(message: error.description))
            }
        // A store that cannot take files now may be mended while the job waits; its deadline bounds that.
        case let error as FileStoreError:
            return .failed(error.kind == .cancelled ? .abandoned : .passing(message: error.description))
        case let error as PayoutAPIError: return ExportsClient.result(of: error)
        case is FileNotReady: return .urlExpired
        case is CancellationError: return .failed(.abandoned)
        default: return .failed(.passing(message: "The file could not be delivered: \(error)"))
        }
    }
}

/// The service names no URL for an export that had one.
private struct FileNotReady: Error {}

/// Hands the chunks of a download to an upload, as long as its turn lasts.
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
