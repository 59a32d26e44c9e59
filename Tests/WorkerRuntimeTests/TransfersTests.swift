@testable import ExportCore
import Synchronization
import Testing

@testable import WorkerRuntime

@Suite struct TransfersTests {
    private let transfers = Transfers()
    private let token = CallToken(partition: 0, epoch: 1, place: 0, callID: 7, kind: .download, account: 0)

    /// Waits until its task is cancelled.
    @Sendable private static func endless(_ transfer: Transfer) async -> CallResult {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        return await withTaskCancellationHandler {
            for await _ in stream {}
            return .failed(.abandoned)
        } onCancel: {
            continuation.finish()
        }
    }

    private func isAbandoned(_ result: CallResult) -> Bool {
        if case .failed(.abandoned) = result { true } else { false }
    }

    @Test func runningTransferIsCancelled() async {
        let started = Mutex(false)
        transfers.expect(token)
        let (transfers, token) = (transfers, token)
        let result = Task {
            await transfers.run(token) { transfer in
                started.withLock { $0 = true }
                return await Self.endless(transfer)
            }
        }
        while !started.withLock({ $0 }) { await Task.yield() }
        transfers.cancel(token)
        #expect(isAbandoned(await result.value))
    }

    @Test func transferCancelledBeforeItsStartIsAbandoned() async {
        transfers.expect(token)
        transfers.cancel(token)
        #expect(isAbandoned(await transfers.run(token, Self.endless)))
    }

    @Test func transfersOfEndedAssignmentAreCancelled() async {
        var next = token
        next.epoch = 2
        transfers.expect(token)
        transfers.expect(next)
        transfers.cancel(partition: 0, epoch: 1)
        #expect(isAbandoned(await transfers.run(token, Self.endless)))
        let other = await transfers.run(next) { _ in Task.isCancelled ? .failed(.abandoned) : .urlExpired }
        if case .urlExpired = other {} else { Issue.record("\(other)") }
    }

    @Test func finishedTransferLeavesNoState() async {
        transfers.expect(token)
        let result = await transfers.run(token) { _ in .urlExpired }
        if case .urlExpired = result {} else { Issue.record("\(result)") }
        // A late cancellation does not affect another transfer.
        transfers.cancel(token)
        transfers.expect(token)
        let again = await transfers.run(token) { _ in .urlExpired }
        if case .urlExpired = again {} else { Issue.record("\(again)") }
    }

    @Test func cancelledCallerCancelsTransfer() async {
        transfers.expect(token)
        let (transfers, token) = (transfers, token)
        let result = Task { await transfers.run(token, Self.endless) }
        result.cancel()
        #expect(isAbandoned(await result.value))
    }

    /// A download that is suspended before it begins. It reports whether it is suspended, and waits.
    private func suspendedDownload(_ begins: AsyncStream<Bool>.Continuation) -> Task<CallResult, Never> {
        transfers.expect(token)
        transfers.suspend(token)
        let (transfers, token) = (transfers, token)
        return Task {
            await transfers.run(token) { transfer in
                begins.yield(transfer.isSuspended)
                do {
                    try await transfer.waitWhileSuspended()
                    return .urlExpired
                } catch {
                    return .failed(.abandoned)
                }
            }
        }
    }

    @Test func suspendedTransferWaitsUntilItIsResumed() async {
        let (begun, begins) = AsyncStream.makeStream(of: Bool.self)
        let result = suspendedDownload(begins)
        #expect(await begun.first { _ in true } == true)
        transfers.resume(token)
        if case .urlExpired = await result.value {} else { Issue.record("the download did not continue") }
    }

    @Test func suspendedTransferIsCancelled() async {
        let (begun, begins) = AsyncStream.makeStream(of: Bool.self)
        let result = suspendedDownload(begins)
        #expect(await begun.first { _ in true } == true)
        transfers.cancel(token)
        #expect(isAbandoned(await result.value))
    }

    @Test func runningTransferDoesNotWait() async throws {
        let transfer = Transfer()
        transfer.suspend()
        transfer.resume()
        #expect(!transfer.isSuspended)
        try await transfer.waitWhileSuspended()
    }
}
