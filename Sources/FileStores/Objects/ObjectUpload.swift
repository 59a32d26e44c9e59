import Crypto
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
        // Released without finish() or abort(): the parts are removed, in a task that outlives the upload.
        guard state != .finished, state != .ended, let parts else { return }
        Task { [backend, name] in
            await parts.stop()
            await backend.discard(name, upload: parts.upload)
        }
    }

    func write(_ bytes: [UInt8]) async throws(FileStoreError) {
        try expectWriting()
        content.append(bytes, withMD5: backend.keepsMD5)
        var rest = bytes[...]
        do throws(FileStoreError) {
            while !rest.isEmpty {
                guard let limit = backend.partSize(partsSent + 1) else {
                    throw FileStoreError(.fileTooLarge, action: "store", path: location)
                }
                // A full part is sent when more bytes follow: a file of one part is stored with a single request.
                if gathered.readableBytes >= limit { try await sendPart() }
                let piece = rest.prefix(limit - gathered.readableBytes)
                gathered.writeBytes(piece)
                rest = rest.dropFirst(piece.count)
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

    func finish() async throws(FileStoreError) -> StoredFile {
        try expectWriting()
        do throws(FileStoreError) {
            let stored: StoredFile
            if parts == nil {
                stored = content.storedFile(at: location, metadata)
                try await backend.put(name, gathered, content.summary(metadata))
            } else {
                if gathered.readableBytes > 0 { try await sendPart() }
                stored = content.storedFile(at: location, metadata)
                try await commit()
            }
            state = .finished
            gathered = ByteBuffer()
            return stored
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

    private func commit() async throws(FileStoreError) {
        guard let parts else { return }
        let receipts = try await parts.receipts()
        try await backend.commit(name, upload: parts.upload, parts: receipts, content.summary(metadata))
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

/// Size, digests and samples of a file's content, updated with each chunk that ``ObjectUpload`` receives.
struct ContentRecord {
    private(set) var size: Int64 = 0
    private var digest = SHA256()
    private var md5: Insecure.MD5?
    private var head: [UInt8] = []
    private var tail = TailWindow()

    mutating func append(_ bytes: [UInt8], withMD5: Bool) {
        size += Int64(bytes.count)
        bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
        if withMD5 {
            var hash = md5 ?? Insecure.MD5()
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
            md5 = hash
        }
        if head.count < MediaType.decisiveBytes { head += bytes.prefix(MediaType.decisiveBytes - head.count) }
        if head.first == UInt8(ascii: "P") { tail.append(bytes) }
    }

    func mediaType(_ metadata: FileMetadata) -> MediaType { MediaType(detecting: head, expected: metadata.expected) }

    func summary(_ metadata: FileMetadata) -> ObjectSummary {
        ObjectSummary(
            mediaType: mediaType(metadata),
            metadata: metadata,
            sizeBytes: size,
            sha256: Hexadecimal.encoded(digest.finalize()),
            md5: md5.map { Array($0.finalize()) }
        )
    }

    func storedFile(at location: String, _ metadata: FileMetadata) -> StoredFile {
        let summary = summary(metadata)
        var entries: [FileEntry] = []
        if summary.mediaType == .zip {
            entries = ZipDirectory(size: size) { tail.read($0, $1) }.entries() ?? []
        }
        return StoredFile(
            location: location,
            sizeBytes: size,
            sha256: summary.sha256,
            mediaType: summary.mediaType,
            entries: entries
        )
    }
}
