package import Foundation
package import HTTPAccess
import Primitives
import Synchronization

/// A clock that stands still until a test advances it or a task sleeps: a sleep returns at once and advances the clock.
package final class TestClock: HTTPClock {
    private struct State {
        var elapsed: Duration = .seconds(1000)
        var sleeps: [Duration] = []
    }

    private let state = Mutex(State())
    private let epoch = Date(timeIntervalSince1970: 1_800_000_000)

    package init() {}

    package func now() -> Date { self.epoch.addingTimeInterval(uptime().inSeconds) }
    package func uptime() -> Duration { self.state.withLock { $0.elapsed } }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        self.state.withLock {
            $0.elapsed += duration
            $0.sleeps.append(duration)
        }
        await Task.yield()
    }

    package func advance(by duration: Duration) {
        state.withLock { $0.elapsed += duration }
    }

    package var sleeps: [Duration] { state.withLock { $0.sleeps } }
}

extension HTTPEnvironment {
    /// An environment with a test's clock, in which jitter is always half of its bound.
    package static func test(_ clock: TestClock) -> HTTPEnvironment {
        HTTPEnvironment(clock: clock, random: { 0.5 })
    }
}

/// Runs a test with a stub server and a transport, and closes both.
package func withStub(
    _ script: @escaping @Sendable (StubRequest, Int) -> StubReply,
    connectTimeout: Duration = .seconds(300),
    _ body: (StubServer, HTTPTransport) async throws -> Void
) async throws {
    let server = try await StubServer(script)
    var configuration = BothTransports.configuration
    configuration.connectTimeout = connectTimeout
    let transport = HTTPTransport(configuration: configuration)
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

/// Runs a test with an empty folder, and removes the folder afterwards.
package func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("payout-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
}

/// The error that a call throws; throws ``NothingThrown`` when the call succeeds.
package func failure<Failure: Error, Value>(
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

/// A call succeeded that was expected to throw.
package struct NothingThrown: Error {
    package init() {}
}
