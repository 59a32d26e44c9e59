import HTTPAccess
import Logging
import PayoutAPI
import ServiceLifecycle
import Synchronization
import Testing
import WorkerConsole

@testable import payout_worker

@Suite struct WorkerPartsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The parts in the order in which they ended.
    private final class Ends: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    private struct Part: Service {
        let name: String
        let ends: Ends
        var body: @Sendable () async throws -> Void = { try? await gracefulShutdown() }

        func run() async throws {
            defer { ends.add(name) }
            try await body()
        }
    }

    private struct Failure: Error {}

    private func run(_ parts: [Part?]) async throws {
        try await Worker.run(parts.map { ($0?.name ?? "none", $0) }, logger: logger)
    }

    @Test func partsEndInReverseOrderWhenTheLastOneEnds() async throws {
        let ends = Ends()
        try await run([
            Part(name: "connections", ends: ends), nil, Part(name: "console", ends: ends),
            Part(name: "watches", ends: ends), Part(name: "engine", ends: ends) {},
        ])
        #expect(ends.all == ["engine", "watches", "console", "connections"])
    }

    @Test func partsEndInReverseOrderWhenTheLastOneFails() async throws {
        let ends = Ends()
        await #expect(throws: Failure.self) {
            try await run([
                Part(name: "connections", ends: ends), Part(name: "console", ends: ends),
                Part(name: "engine", ends: ends) { throw Failure() },
            ])
        }
        #expect(ends.all == ["engine", "console", "connections"])
    }

    @Test func failureOfAPartInTheMiddleEndsTheOthersInOrderAndIsThrown() async throws {
        let ends = Ends()
        await #expect(throws: Failure.self) {
            try await run([
                Part(name: "connections", ends: ends), Part(name: "spans", ends: ends),
                Part(name: "console", ends: ends) { throw Failure() }, Part(name: "watches", ends: ends),
                Part(name: "engine", ends: ends),
            ])
        }
        #expect(ends.all == ["console", "engine", "watches", "spans", "connections"])
    }

    @Test func cancellationEndsEveryPart() async throws {
        let ends = Ends()
        let parts = ["connections", "console", "engine"].map { Part(name: $0, ends: ends) }
        let running = Task { try await run(parts) }
        running.cancel()
        _ = await running.result
        #expect(ends.all.sorted() == ["connections", "console", "engine"])
    }

    @Test func backgroundPartIsCancelledAndAwaited() async throws {
        let ends = Ends()
        let background = Background(patience: .seconds(300)) {
            try? await Task.sleep(for: .seconds(3_600))
            ends.add("background")
        }
        try await Worker.run(
            [("background", background), ("engine", Part(name: "engine", ends: ends) {})],
            logger: logger
        )
        #expect(ends.all == ["engine", "background"])
    }

    @Test func backgroundPartThatIgnoresItsCancellationDoesNotHoldTheEndUp() async throws {
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let ends = Ends()
        let background = Background(patience: .milliseconds(1)) {
            // A call that cannot be cancelled.
            await Task { for await _ in released {} }.value
            ends.add("background")
        }
        try await Worker.run(
            [("background", background), ("engine", Part(name: "engine", ends: ends) {})],
            logger: logger
        )
        #expect(ends.all == ["engine"])
        release.finish()
    }

    /// A debug build ends the process when an HTTP client is released that was not shut down.
    @Test func unknownStoreFailsTheStartAndClosesTheConnections() async throws {
        var files = FilesConfiguration()
        files.location = "ftp://nowhere"
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await PayoutService(
                [],
                files: files,
                network: NetworkSettings(),
                downloads: 1,
                retryPolicy: .none,
                logger: logger
            )
        }
        #expect(error?.description.contains("FILES_LOCATION") == true)
    }
}
