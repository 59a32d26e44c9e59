import Foundation
import Logging
import Synchronization

@testable import PayoutAPI

/// A clock that stands still until it is moved. Sleeping moves it.
final class TestClock: PayoutClock {
    private struct State {
        var elapsed: Duration = .seconds(1000)
        var sleeps: [Duration] = []
    }

    private let state = Mutex(State())
    private let epoch = Date(timeIntervalSince1970: 1_800_000_000)

    func now() -> Date { self.epoch.addingTimeInterval(self.uptime().inSeconds) }
    func uptime() -> Duration { self.state.withLock { $0.elapsed } }

    func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        self.state.withLock {
            $0.elapsed += duration
            $0.sleeps.append(duration)
        }
        await Task.yield()
    }

    func advance(by duration: Duration) {
        self.state.withLock { $0.elapsed += duration }
    }

    var sleeps: [Duration] { self.state.withLock { $0.sleeps } }
}

extension PayoutEnvironment {
    /// Jitter is always half of what it could be.
    static func test(_ clock: TestClock) -> PayoutEnvironment {
        PayoutEnvironment(clock: clock, random: { 0.5 })
    }
}

/// Gathers what is logged.
final class LogCapture: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { self.lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger {
        var logger = Logger(label: "test", factory: { _ in Handler(capture: self) })
        logger.logLevel = .trace
        return logger
    }

    private func append(_ line: String) {
        self.lines.withLock { $0.append(line) }
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.capture.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
        }
    }
}

/// Waits until something is so, generously bounded.
func eventually(_ condition: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(120)
    while try await !condition() {
        guard ContinuousClock.now < limit else { throw NeverHappened() }
        try await Task.sleep(for: .milliseconds(2))
    }
}

struct NeverHappened: Error {}

/// A transport and a server for the length of a test.
func withStub(
    _ script: @escaping @Sendable (StubRequest, Int) -> StubReply,
    connectTimeout: Duration = .seconds(10),
    _ body: (StubServer, PayoutTransport) async throws -> Void
) async throws {
    let server = try await StubServer(script)
    var configuration = PayoutTransport.Configuration()
    configuration.connectTimeout = connectTimeout
    let transport = PayoutTransport(configuration: configuration)
    do {
        try await body(server, transport)
    } catch {
        try? await transport.shutdown()
        await server.stop()
        throw error
    }
    try await transport.shutdown()
    await server.stop()
}

/// Makes a folder, and removes it afterwards.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("payout-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}

/// The error that a call throws.
func failure<Failure: Error, Value>(
    of type: Failure.Type,
    _ body: () async throws -> Value
) async throws -> Failure {
    do {
        _ = try await body()
    } catch let error as Failure {
        return error
    }
    throw NothingThrown()
}

struct NothingThrown: Error {}

/// Random numbers that are the same every time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state &* 0x2545_F491_4F6C_DD1D
    }
}
