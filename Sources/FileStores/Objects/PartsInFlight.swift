import NIOCore

/// The parts of one multipart upload: tasks for those in flight, receipts for those that were stored. Used by
/// ``ObjectUpload`` alone.
actor PartsInFlight {
    /// How many parts of one file are in flight at the same time.
    static let maximum = 3

    typealias Send = @Sendable (ByteBuffer) async throws(FileStoreError) -> PartReceipt

    /// The store's id of the upload.
    nonisolated let upload: String

    private struct StoredPart: Sendable {
        var receipt: PartReceipt
        var body: ByteBuffer
    }

    private var inFlight: [Task<Result<StoredPart, FileStoreError>, Never>] = []
    /// Buffers of stored parts, for reuse by later parts: the allocator would keep a new buffer for each part, twice as
    /// much memory as is in use.
    private var spare: [ByteBuffer] = []
    private var stored: [PartReceipt] = []

    init(upload: String) { self.upload = upload }

    /// Sends the next part, once fewer than ``maximum`` parts are in flight.
    ///
    /// - Returns: An empty buffer for the part after it.
    func send(_ body: ByteBuffer, _ send: @escaping Send) async throws(FileStoreError) -> ByteBuffer {
        if inFlight.count >= Self.maximum { try await awaitOldest() }
        inFlight.append(
            Task {
                do throws(FileStoreError) {
                    return .success(StoredPart(receipt: try await send(body), body: body))
                } catch {
                    return .failure(error)
                }
            }
        )
        var next = spare.popLast() ?? ByteBuffer()
        next.clear(minimumCapacity: body.readableBytes)
        return next
    }

    /// Waits until every part is stored, and returns the receipts in order.
    func receipts() async throws(FileStoreError) -> [PartReceipt] {
        while !inFlight.isEmpty { try await awaitOldest() }
        return stored
    }

    /// Cancels the parts in flight, and waits until their tasks have ended.
    func stop() async {
        let tasks = inFlight
        inFlight = []
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.value }
    }

    private func awaitOldest() async throws(FileStoreError) {
        let task = inFlight.removeFirst()
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        let part = try result.get()
        stored.append(part.receipt)
        spare.append(part.body)
    }
}
