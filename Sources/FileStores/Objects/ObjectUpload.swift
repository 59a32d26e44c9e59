import NIOCore
import Primitives

/// An upload of one file to an object store (S3 or Azure Blob): bytes are collected into parts, of which several are in
/// flight at a time. `S3FileStore` and `AzureBlobFileStore` create one for each file.
///
/// A file that fits into one part is stored with one request. Memory is bounded by one part that is being collected for
/// each upload, and by the store's slots for parts in flight.
actor ObjectUpload<Backend: ObjectBackend>: FileUpload {
    /// Exits: writing → finished, failed, ended; failed → writing (restart), ended; finished and ended have none.
    private enum State {
        case writing
        /// A call has failed; the parts at the store are not used any more.
        case failed
        /// The object exists.
        case finished
        /// Aborted.
        case ended
    }

    private let backend: Backend
    private let name: String
    private let metadata: FileMetadata
    private let slots: AsyncSemaphore

    private var state = State.writing
    private var content = ContentRecord()
    private var gathered = ByteBuffer()
    private var parts: PartsInFlight?
    private var partsSent = 0

    init(_ backend: Backend, name: String, metadata: FileMetadata, slots: AsyncSemaphore) {
        self.backend = backend
        self.name = name
        self.metadata = metadata
        self.slots = slots
    }

    deinit {
        // Released without finish(_:) or abort(): the parts are removed, in a task that outlives the upload.
        guard state != .finished, state != .ended, let parts else { return }
        Task { [backend, name] in
            await parts.stop()
            await backend.discard(name, upload: parts.upload)
        }
    }

    func write(_ bytes: ByteBuffer) async throws(FileStoreError) {
        try expectWriting()
        content.append(bytes.readableBytesView)
        var rest = bytes
        do throws(FileStoreError) {
            while rest.readableBytes > 0 {
                guard let limit = backend.partSize(partsSent + 1) else {
                    throw FileStoreError(.fileTooLarge, action: "store", path: location)
                }
                // A full part is sent when more bytes follow: a file of one part is stored with a single request.
                if gathered.readableBytes >= limit { try await sendPart() }
                let count = min(rest.readableBytes, limit - gathered.readableBytes)
                gathered.writeBytes(rest.readableBytesView.prefix(count))
                rest.moveReaderIndex(forwardBy: count)
            }
        } catch {
            if case .writing = state { state = .failed }
            throw error
        }
    }

    func restart() async throws(FileStoreError) {
        switch state {
        case .finished, .ended: throw ended()
        case .writing, .failed: break
        }
        state = .failed
        await discardParts()
        content = ContentRecord()
        gathered.clear()
        state = .writing
    }

    func finish(_ digests: ContentDigests) async throws(FileStoreError) -> StoredFile {
        try expectWriting()
        let summary = ObjectSummary(mediaType: content.mediaType(metadata), metadata: metadata, digests: digests)
        do throws(FileStoreError) {
            if parts == nil {
                try await backend.put(name, gathered, summary)
            } else {
                if gathered.readableBytes > 0 { try await sendPart() }
                try await commit(summary)
            }
            state = .finished
            gathered = ByteBuffer()
            return content.storedFile(at: location, metadata)
        } catch {
            state = .failed
            throw error
        }
    }

    func abort() async {
        switch state {
        case .finished, .ended: return
        case .writing, .failed: break
        }
        state = .ended
        gathered = ByteBuffer()
        await discardParts()
    }

    // MARK: Parts

    private var location: String { backend.location(of: name) }

    private func sendPart() async throws(FileStoreError) {
        if parts == nil {
            let mediaType = content.mediaType(metadata)
            parts = PartsInFlight(upload: try await backend.begin(name, mediaType, metadata))
        }
        guard let parts else { return }
        partsSent += 1
        let (number, body) = (partsSent, gathered)
        // The part is the only owner of its bytes, so that the buffer can be reused without a copy.
        gathered = ByteBuffer()
        let cancelled = FileStoreError(.cancelled, action: "store", path: location)
        gathered = try await parts.send(body) { [backend, name, slots] body async throws(FileStoreError) in
            guard await slots.acquire() else { throw cancelled }
            let result: Result<PartReceipt, FileStoreError>
            do throws(FileStoreError) {
                result = .success(try await backend.putPart(name, upload: parts.upload, number: number, body))
            } catch {
                result = .failure(error)
            }
            slots.release()
            return try result.get()
        }
    }

    private func commit(_ summary: ObjectSummary) async throws(FileStoreError) {
        guard let parts else { return }
        let receipts = try await parts.receipts()
        try await backend.commit(name, upload: parts.upload, parts: receipts, summary)
    }

    private func discardParts() async {
        guard let parts else { return }
        self.parts = nil
        partsSent = 0
        // The parts in flight end first: a part that arrives after the upload was discarded would stay at the store.
        await parts.stop()
        await backend.discard(name, upload: parts.upload)
    }

    private func expectWriting() throws(FileStoreError) {
        guard case .writing = state else { throw ended() }
    }

    private func ended() -> FileStoreError {
        FileStoreError(.uploadEnded, action: "continue the upload of", path: location)
    }
}
