import ExportCore
import ExportRecords
import Foundation
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@Suite struct WorkerLoopTests {

    private static var configuration: CoreConfiguration {
        var configuration = CoreConfiguration()
        configuration.pollMinInterval = .milliseconds(10)
        configuration.pollMaxInterval = .milliseconds(50)
        configuration.commitInterval = .milliseconds(5)
        configuration.requestsPerSecond = [10_000]
        configuration.retryMinInterval = .milliseconds(10)
        return configuration
    }

    func makeLoop(
        _ log: MemoryLog,
        _ exports: ScriptedExports,
        observers: [any WorkerObserver] = [],
        storesFiles: Bool = false
    ) -> WorkerLoop {
        var configuration = Self.configuration
        configuration.storesFiles = storesFiles
        return WorkerLoop(
            configuration: configuration,
            groupID: "group",
            jobsTopic: "jobs",
            log: log,
            exports: exports,
            observers: observers
        )
    }

    /// Runs a loop and a body concurrently, then stops the loop. Returns the number of open jobs that it released.
    func running(_ loop: WorkerLoop, _ body: () async throws -> Void) async throws -> Int {
        let stop = WorkerStop()
        let run = Task { try await loop.run(until: stop) }
        do {
            try await body()
        } catch {
            stop(.now)
            _ = try? await run.value
            throw error
        }
        stop(.graceful)
        return try await run.value
    }

    @Test func jobRunsUntilItsEvent() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        let openJobs = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        #expect(openJobs == 0)
        let contents = log.now
        #expect(contents.results.count == 1)
        #expect(contents.position == 1)
        #expect(contents.isClosed)
        let event = try EventDecoder().decode(value: contents.results.first?.record.value)
        #expect(event.status == "completed")
        #expect(event.requestId == "request-of-a")
        #expect(exports.received.map(\.token.kind) == [.create, .poll])
    }

    @Test func successorContinuesFromStateOfPredecessor() async throws {
        let hangs = ScriptedExports { call in
            call.token.kind == .create ? .created(requestID: "r1") : .polled(.processing, url: nil, expiresAt: nil)
        }
        let log = MemoryLog()
        let openJobs = try await running(makeLoop(log, hangs)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("a poll") { hangs.received.contains { $0.token.kind == .poll } }
        }
        #expect(openJobs == 1)
        #expect(log.now.results.isEmpty)

        let exports = ScriptedExports.instant
        _ = try await running(makeLoop(log, exports)) {
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        // The export was queued once; the successor only polled.
        #expect(exports.received.allSatisfy { $0.token.kind == .poll && $0.requestID == "r1" })
        #expect(log.now.results.count == 1)
    }

    @Test func failedCommitIsRetried() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        log.failNextCommits(2)
        _ = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        #expect(log.now.results.count == 1)
        #expect(exports.received.filter { $0.token.kind == .create }.count == 1)
    }

    @Test func invalidRecordIsDeadLettered() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        _ = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"nonsense"}"#, key: "a")
            log.enqueue("not JSON", key: "b")
            try await eventually("two dead letters") { log.now.deadLetters.count == 2 }
        }
        let contents = log.now
        #expect(contents.position == 2)
        #expect(contents.deadLetters.map(\.record.value) == contents.jobs.map(\.content.value))
        #expect(contents.results.count == 1)
        #expect(exports.received.isEmpty)
    }

    @Test func refusedDeadLetterDoesNotBlockOtherJobs() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        log.refuse { $0.topic == .deadLetter && $0.record.value != nil }
        _ = try await running(makeLoop(log, exports)) {
            log.enqueue("not JSON", key: "b")
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("the valid job's event") { !log.now.results.isEmpty }
        }
        let letters = log.now.deadLetters
        #expect(letters.map(\.record.value) == [nil])
        #expect(letters.first?.record.headers.contains { $0.name == "__dlq.errors.value.omitted" } == true)
    }

    @Test func jobWithOversizedEventEndsAsTooLarge() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        _ = try await running(makeLoop(log, exports)) {
            try await eventually("the log starts") { log.now.begunFrom != nil }
            var limits = OutputLimits()
            limits.results = 1_500
            log.limit(limits)
            let filter = String(repeating: "a eq 1 or ", count: 300) + "a eq 1"
            log.enqueue(#"{"jobId":"a","kind":"payments","filter":"\#(filter)"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        let event = try EventDecoder().decode(value: log.now.results.first?.record.value)
        #expect(event.status == "failed")
        #expect(event.error?.code == "tooLarge")
        #expect(event.omitted == ["filter"])
        #expect(log.now.results.allSatisfy { $0.byteCount <= 1_500 })
        let state = try StateCodec().decode(
            key: Array("a".utf8),
            value: log.now.state.last { $0.content.key == Array("a".utf8) }?.content.value
        )
        guard case .job(let record) = state else {
            Issue.record("the job's state")
            return
        }
        #expect(record.error?.code == .tooLarge, "state and event agree")
    }

    @Test func partitionWithUnreadableStateIsStopped() async throws {
        let garbage = LogRecord(offset: 0, OriginalRecord(key: Array("a".utf8), value: [0x08, 0x63, 0xff]))
        let (log, exports) = (MemoryLog(state: [garbage]), ScriptedExports.instant)
        let loop = makeLoop(log, exports)
        _ = try await running(loop) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("the partition stopped") {
                guard case .stopped = await loop.status()?.partitions.first?.lifecycle else { return false }
                return true
            }
        }
        #expect(log.now.begunFrom == nil)
        #expect(log.now.hasStopped)
        #expect(log.now.commits == 0)
        #expect(exports.received.isEmpty)
    }

    @Test func cancelledJobCancelsItsTransferInFlight() async throws {
        try await expectCancelledTransfer { log, loop in
            log.enqueue(#"{"jobId":"a","action":"cancel"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
            #expect(await loop.jobs(named: ["a"])?.found["a"]?.record.status == .cancelled)
        }
    }

    @Test func lostPartitionCancelsItsTransfersInFlight() async throws {
        try await expectCancelledTransfer { log, _ in log.now.sink?.lost([0]) }
    }

    /// Runs `act` during an endless transfer of job `a`, and waits until the transfer is cancelled.
    private func expectCancelledTransfer(_ act: @escaping @Sendable (MemoryLog, WorkerLoop) async throws -> Void)
        async throws
    {
        let log = MemoryLog()
        let ended = Box(false)
        let exports = Self.endlessTransfers { ended.value = true }
        let loop = makeLoop(log, exports, storesFiles: true)
        _ = try await running(loop) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("a transfer") { exports.received.contains { $0.token.kind == .download } }
            try await act(log, loop)
            try await eventually("the transfer's end") { ended.value }
        }
    }

    private struct StartRefused: Error, CustomStringConvertible { var description: String { "a start" } }

    @Test func failedStartIsThrownAfterTheLogIsClosed() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        let loop = makeLoop(log, exports)
        log.refuseStart(StartRefused())
        let error = await #expect(throws: WorkerFailure.self) { try await loop.run(until: WorkerStop()) }
        #expect(error?.cause == .notStarted("a start"))
        #expect(log.now.isClosed)
        #expect(await loop.status() == nil)
    }

    @Test func abandonedCallsAreCancelled() async throws {
        let (log, stop, ended) = (MemoryLog(), WorkerStop(), Box(false))
        let exports = Self.endlessTransfers { ended.value = true }
        let loop = makeLoop(log, exports, storesFiles: true)
        let run = Task { try await loop.run(until: stop) }
        log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
        try await eventually("a transfer") { exports.received.contains { $0.token.kind == .download } }
        #expect(!stop.isRequested)
        stop(.graceful)
        stop(.abandonCalls)
        try await eventually("the transfer's end") { ended.value }
        stop(.now)
        #expect(try await run.value == 1)
        #expect(stop.isRequested && log.now.isClosed)
    }

    @Test func callThatIgnoresItsCancellationDoesNotDelayTheEndOfTheLog() async throws {
        let (log, stop, wasClosed) = (MemoryLog(), WorkerStop(), Box(false))
        let exports = ScriptedExports { _ in
            let limit = ContinuousClock.now + .seconds(300)
            while !log.now.isClosed, ContinuousClock.now < limit { await Task.yield() }
            if log.now.isClosed { wasClosed.value = true }
            return .failed(.abandoned)
        }
        let loop = makeLoop(log, exports)
        let run = Task { try await loop.run(until: stop) }
        log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
        try await eventually("a call") { !exports.received.isEmpty }
        stop(.now)
        #expect(try await run.value == 1)
        #expect(wasClosed.value, "the loop awaited the call")
    }

    /// Transfers that end only when they are cancelled.
    private static func endlessTransfers(_ ended: @escaping @Sendable () -> Void) -> ScriptedExports {
        ScriptedExports { call in
            guard call.token.kind == .download else { return await ScriptedExports.instant.perform(call, nil) }
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            await withTaskCancellationHandler {
                for await _ in stream {}
            } onCancel: {
                continuation.finish()
            }
            ended()
            return .failed(.abandoned)
        }
    }

    @Test func runningLoopAnswersQuestionsAndNotifiesObservers() async throws {
        final class Counter: WorkerObserver {
            let ended = Mutex(0)
            func report(_ report: Report) { if case .ended = report { ended.withLock { $0 += 1 } } }
            func observe(_ observation: LogObservation) {}
        }
        let (log, exports, counter) = (MemoryLog(), ScriptedExports.instant, Counter())
        let loop = makeLoop(log, exports, observers: [counter])
        _ = try await running(loop) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
            #expect(await loop.jobs(named: ["a"])?.found["a"]?.record.phase == .finished)
            #expect(await loop.jobs(named: ["other"])?.found.isEmpty == true)
            #expect(await loop.status()?.partitions.first?.jobs[.finished] == 1)
        }
        #expect(counter.ended.withLock { $0 } == 1)
        #expect(await loop.status() == nil)
    }
}
