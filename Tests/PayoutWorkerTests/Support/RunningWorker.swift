import Foundation
import Testing
import TestSupport

/// A worker's process and its console.
struct RunningWorker {
    let command: Command
    let console: Console

    /// Starts a worker. Returns when its console listens.
    init(_ environment: [String: String]) async throws {
        command = try Command(["run"], environment: environment)
        console = try await Console(of: command)
    }

    /// Waits until `/readyz` reports that it can take jobs.
    func becomesReady(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("the worker is ready; the log: \(log)", sourceLocation: sourceLocation) {
            try await console.isReady()
        }
    }

    /// Waits until `/readyz` reports this reason with this text.
    @discardableResult
    func reports(
        _ code: String,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Console.Reason {
        var found: Console.Reason?
        try await eventually("\(code) is reported; the log: \(log)", sourceLocation: sourceLocation) {
            found = try await console.reasons("readyz").first { $0.code == code && $0.message.contains(text) }
            return found != nil
        }
        return try #require(found)
    }

    /// How often the log contains a text.
    func count(_ text: String) -> Int { command.errors.components(separatedBy: text).count - 1 }

    /// Stops it with SIGTERM.
    func stop() async throws {
        command.signal(SIGTERM)
        let ended = try await command.end()
        #expect(ended.status == 0, "\(ended.errors.suffix(4_000))")
    }

    private var log: Substring { command.errors.suffix(4_000) }
}
