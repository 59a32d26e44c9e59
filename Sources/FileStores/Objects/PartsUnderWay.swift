/// The parts of one upload: a few on their way, the receipts of the others. Only its upload uses it.
actor PartsUnderWay {
    /// So many parts of one file are on their way at the same time.
    static let maximum = 3

    typealias Send = @Sendable () async throws(FileStoreError) -> PartReceipt

    /// What the parts have in common at the store.
    nonisolated let upload: String

    private var underWay: [Task<Result<PartReceipt, FileStoreError>, Never>] = []
    private var arrived: [PartReceipt] = []

    init(upload: String) { self.upload = upload }

    /// Sends the next part, once there is room for it.
    func send(_ send: @escaping Send) async throws(FileStoreError) {
        if underWay.count >= Self.maximum { try await awaitOldest() }
        underWay.append(
            Task {
                do throws(FileStoreError) {
                    return .success(try await send())
                } catch {
                    return .failure(error)
                }
            }
        )
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
        arrived.append(try result.get())
    }
}
