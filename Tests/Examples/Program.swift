import ChildProcesses
import Foundation

/// A running program. Its output goes to files, so that full pipes cannot block it.
final class Program: Sendable {
    private let process: ChildProcess
    private let folder: URL

    private init(_ executable: URL, _ arguments: [String], environment: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "examples-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try ChildProcess(
            executable.path,
            arguments,
            environment: Self.inheritedEnvironment.merging(environment) { $1 },
            output: Self.file(folder.appending(path: "out")),
            errors: Self.file(folder.appending(path: "err"))
        )
    }

    /// The tests' environment without a worker's settings, which could point to other servers.
    private static var inheritedEnvironment: [String: String] {
        let ours = ["KAFKA_", "WORKER_", "PAYOUT_", "FILES_", "HTTP_", "LOG_"]
        return ProcessInfo.processInfo.environment.filter { name, _ in !ours.contains { name.hasPrefix($0) } }
    }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    var isRunning: Bool { process.isRunning }
    var output: String { text("out") }
    var errors: String { text("err") }

    private func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
    }

    /// Runs a program until the body returns, then ends it.
    static func running<Result>(
        _ executable: URL,
        _ arguments: [String],
        environment: [String: String],
        _ body: (Program) async throws -> Result
    ) async throws -> Result {
        let program = try Program(executable, arguments, environment: environment)
        do {
            let result = try await body(program)
            await program.stop()
            return result
        } catch {
            await program.stop()
            throw error
        }
    }

    /// Waits until the program has ended.
    ///
    /// - Returns: its exit status; `nil` when it exceeded the limit and was killed.
    @discardableResult
    func waitForEnd(within limit: Duration) async -> Int32? {
        let deadline = ContinuousClock.now + limit
        while process.isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        if let status = process.status { return status }
        process.signal(SIGKILL)
        process.waitForEnd()
        return nil
    }

    /// Terminates the program, and kills it if necessary.
    private func stop() async {
        process.signal(SIGTERM)
        await waitForEnd(within: .seconds(600))
        try? FileManager.default.removeItem(at: folder)
    }
}
