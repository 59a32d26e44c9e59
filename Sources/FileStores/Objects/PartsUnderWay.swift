import NIOCore

/// The parts of one upload: a few on their way, the receipts of the others. Only its upload uses it.
actor PartsUnderWay {
    /// So many parts of one file are on their way at the same time.
    static let maximum = 3

    typealias Send = @Sendable (ByteBuffer) async throws(FileStoreError) -> PartReceipt

    /// What the parts have in common at the store.
    nonisolated let upload: String

    private struct Arrival: Sendable {
        var receipt: PartReceipt
        var body: ByteBuffer
    }

    private var underWay: [Task<Result<Arrival, FileStoreError>, Never>] = []
    /// Memory of parts that have arrived, for those to come: fresh memory for each would be kept by the allocator,
    /// twice as much as is in use.
    private var spare: [ByteBuffer] = []
    private var arrived: [PartReceipt] = []

    init(upload: String) { self.upload = upload }

    /// Sends the next part, once there is room for it.
    ///
    /// - Returns: Memory for the part after it.
    func send(_ body: ByteBuffer, _ send: @escaping Send) async throws(FileStoreError) -> ByteBuffer {
        if underWay.count >= Self.maximum { try await awaitOldest() }
        underWay.append(
            Task {
                do throws(FileStoreError) {
                    return .success(Arrival(receipt: try await send(body), body: body))
                } catch {
                    return .failure(error)
                }
            }
        )
        var next = spare.popLast() ?? ByteBuffer()
        next.clear(minimumCapacity: body.readableBytes)
        return next
    }

    /// Waits for every part.
    func receipts() async throws(FileStoreError) -> [PartReceipt] {
        while !underWay.isEmpty { try await awaitOldest() }
        return arrived
    }

    /// Cancels what is on its way, and waits for its end.
    func stop() async {
        let tasks = underWay
        underWay = []
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.value }
    }

    private func awaitOldest() async throws(FileStoreError) {
        let task = underWay.removeFirst()
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        let arrival = try result.get()
        arrived.append(arrival.receipt)
        spare.append(arrival.body)
    }
}
