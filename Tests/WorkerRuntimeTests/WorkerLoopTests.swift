import ExportCore
import ExportRecords
import Foundation
import Logging
import Synchronization
import Testing
import WorkerRuntime

@Suite struct WorkerLoopTests {
    private struct NeverHappened: Error { var what: String }

    private static var configuration: CoreConfiguration {
        var configuration = CoreConfiguration()
        configuration.pollMinInterval = .milliseconds(10)
        configuration.pollMaxInterval = .milliseconds(50)
        configuration.commitInterval = .milliseconds(5)
        configuration.requestsPerSecond = [10_000]
        configuration.retryMinInterval = .milliseconds(10)
        return configuration
    }

    private static var quiet: Logger {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return logger
    }

    private func makeLoop(
        _ log: MemoryLog,
        _ exports: ScriptedExports,
        observers: [any WorkerObserver] = []
    ) -> WorkerLoop {
        WorkerLoop(
            configuration: Self.configuration,
            groupID: "group",
            jobsTopic: "jobs",
            log: log,
            exports: exports,
            observers: observers,
            logger: Self.quiet
        )
    }

    private func eventually(_ what: String, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw NeverHappened(what: what)
    }

    /// Runs a loop beside a body, then stops it and says how many jobs it handed over.
    private func running(_ loop: WorkerLoop, _ body: () async throws -> Void) async throws -> Int {
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

    @Test func takesAJobToItsEvent() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        let handedOver = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        #expect(handedOver == 0)
        let contents = log.now
        #expect(contents.results.count == 1)
        #expect(contents.position == 1)
        #expect(contents.isClosed)
        let event = try EventDecoder().decode(value: contents.results.first?.value)
        #expect(event.status == "completed")
        #expect(event.requestId == "request-of-a")
        #expect(exports.seen.map(\.token.kind) == [.create, .poll])
    }

    @Test func goesOnWhereItsPredecessorStopped() async throws {
        let hangs = ScriptedExports { call in
            call.token.kind == .create ? .created(requestID: "r1") : .seen(.processing, url: nil, expiresAt: nil)
        }
        let log = MemoryLog()
        let handedOver = try await running(makeLoop(log, hangs)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("a look") { hangs.seen.contains { $0.token.kind == .poll } }
        }
        #expect(handedOver == 1)
        #expect(log.now.results.isEmpty)

        let exports = ScriptedExports.instant
        _ = try await running(makeLoop(log, exports)) {
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        // The export was queued once; the successor only looked.
        #expect(exports.seen.allSatisfy { $0.token.kind == .poll && $0.requestID == "r1" })
        #expect(log.now.results.count == 1)
    }

    @Test func repeatsACommitThatFailed() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        log.failNextCommits(2)
        _ = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
            try await eventually("an event") { !log.now.results.isEmpty }
        }
        #expect(log.now.results.count == 1)
        #expect(exports.seen.filter { $0.token.kind == .create }.count == 1)
    }

    @Test func deadLettersWhatIsNoJob() async throws {
        let (log, exports) = (MemoryLog(), ScriptedExports.instant)
        _ = try await running(makeLoop(log, exports)) {
            log.enqueue(#"{"jobId":"a","kind":"nonsense"}"#, key: "a")
            log.enqueue("not JSON", key: "b")
            try await eventually("two dead letters") { log.now.deadLetters.count == 2 }
        }
        let contents = log.now
        #expect(contents.position == 2)
        #expect(contents.deadLetters.map(\.value) == contents.jobs.map(\.value))
        #expect(contents.results.count == 1)
        #expect(exports.seen.isEmpty)
    }

    @Test func stopsAPartitionWhoseStateItCannotRead() async throws {
        let garbage = LogRecord(offset: 0, key: Array("a".utf8), value: [0x08, 0x63, 0xff])
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
        #expect(log.now.commits == 0)
        #expect(exports.seen.isEmpty)
    }

    @Test func answersQuestionsAndTellsWhatHappens() async throws {
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
            #expect(await loop.record(ofJob: "a")?.record.phase == .finished)
            #expect(await loop.record(ofJob: "other") == nil)
            #expect(await loop.status()?.partitions.first?.jobs[.finished] == 1)
        }
        #expect(counter.ended.withLock { $0 } == 1)
        #expect(await loop.status() == nil)
    }
}
