import Dispatch
import ExportCore
import ExportRecords
import Foundation
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

/// Where calls run: on the executor that the exports port names for each of them.
@Suite struct CallExecutorTests {
    @Test func eachCallRunsOnItsPreferredExecutor() async throws {
        let exports = PlacedExports()
        var configuration = CoreConfiguration()
        configuration.pollMinInterval = .milliseconds(10)
        configuration.pollMaxInterval = .milliseconds(50)
        configuration.commitInterval = .milliseconds(5)
        configuration.storesFiles = true
        let log = MemoryLog()
        let loop = WorkerLoop(
            configuration: configuration,
            groupID: "group",
            jobsTopic: "jobs",
            log: log,
            exports: exports
        )
        let stop = WorkerStop()
        let run = Task { try await loop.run(until: stop) }
        log.enqueue(#"{"jobId":"a","kind":"payments"}"#, key: "a")
        try await eventually("an event") { !log.now.results.isEmpty }
        stop(.graceful)
        _ = try await run.value
        #expect(exports.places == [.create: "calls", .poll: "polls", .download: nil])
    }
}

/// Creates run on the executor of most calls, polls on another one, downloads on any.
private final class PlacedExports: ExportsPort {
    private let creates = NamedExecutor("calls")
    private let polls = NamedExecutor("polls")
    private let seen = Mutex<[CallKind: String?]>([:])

    /// The executor on which each kind of call ran last.
    var places: [CallKind: String?] { seen.withLock { $0 } }

    var callExecutor: (any TaskExecutor)? { creates }

    func executor(for call: Call) -> (any TaskExecutor)? {
        switch call.token.kind {
        case .create: creates
        case .poll: polls
        default: nil
        }
    }

    nonisolated(nonsending) func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        seen.withLock { $0[call.token.kind] = .some(NamedExecutor.current) }
        switch call.token.kind {
        case .create: return .created(requestID: "request-1")
        case .poll: return .polled(.completed, url: "https://files.example/a.csv?sig=s", expiresAt: nil)
        case .download:
            return .stored(ExportFile(location: "file:///a.csv", stored: true, fileName: "a.csv"))
        default: return .failed(.abandoned)
        }
    }

    func store(_ manifest: BatchManifest) async -> CallResult { .failed(.abandoned) }
}

/// An executor whose name can be read on its thread.
private final class NamedExecutor: TaskExecutor {
    private static let name = DispatchSpecificKey<String>()
    private let queue: DispatchQueue

    init(_ name: String) {
        queue = DispatchQueue(label: name)
        queue.setSpecific(key: Self.name, value: name)
    }

    static var current: String? { DispatchQueue.getSpecific(key: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
