import Foundation

/// Another program while it runs; what it prints goes to files, so that nobody has to read along.
///
/// Sound to share: `Process` is asked for its state only, after it has been started.
final class Program: @unchecked Sendable {
    private let process = Process()
    private let folder: URL

    private init(_ executable: URL, _ arguments: [String], environment: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "examples-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = executable
        process.arguments = arguments
        process.environment = Self.surroundings.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder.appending(path: "out"))
        process.standardError = try Self.file(folder.appending(path: "err"))
        try process.run()
    }

    /// The environment of the tests without any settings of a worker: those would lead somewhere else.
    private static var surroundings: [String: String] {
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

    /// Runs a program for the length of a body, and ends it then.
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
    /// - Returns: its exit status; `nil` when it had to be ended because it took too long.
    @discardableResult
    func waitForEnd(within limit: Duration) async -> Int32? {
        let deadline = ContinuousClock.now + limit
        while process.isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        guard process.isRunning else { return process.terminationStatus }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return nil
    }

    /// Asks the program to end, and makes it.
    private func stop() async {
        if process.isRunning { process.terminate() }
        await waitForEnd(within: .seconds(40))
        try? FileManager.default.removeItem(at: folder)
    }
}
