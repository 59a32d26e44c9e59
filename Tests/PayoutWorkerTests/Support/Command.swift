import Foundation
import Synchronization
import Testing

/// What a command said and how it ended.
struct CommandOutput: Sendable {
    var status: Int32
    var output: String
    var errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// Every line of the output as a JSON object.
    func objects() throws -> [[String: Any]] {
        try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The whole output as a JSON object.
    func object() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(errors)")
    }
}

/// The built executable in a process of its own.
final class Command: Sendable {
    /// Longer than anything takes, shorter than a stuck test may.
    static let limit: Duration = .seconds(120)

    private let process = Process()
    private let files: TemporaryFile
    private let ended = Mutex(false)

    /// Starts `payout-worker` with these arguments and no variables but these.
    init(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws {
        files = try TemporaryFile(directory: ())
        process.executableURL = Self.executable
        process.arguments = arguments
        var all = ["PATH": "/usr/bin:/bin", "LOG_FORMAT": "text"]
        all["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        process.environment = all.merging(environment) { $1 }
        process.standardOutput = try Self.file(files.path + "/output")
        process.standardError = try Self.file(files.path + "/errors")
        try Data(input.utf8).write(to: URL(fileURLWithPath: files.path + "/input"))
        process.standardInput = FileHandle(forReadingAtPath: files.path + "/input")
        process.terminationHandler = { [weak self] _ in self?.ended.withLock { $0 = true } }
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Runs to the end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> CommandOutput {
        try await Command(arguments, environment: environment, input: input).end()
    }

    var output: String { text("output") }
    var errors: String { text("errors") }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the end.
    func end() async throws -> CommandOutput {
        try await wait(for: "the command's end") { self.ended.withLock { $0 } }
        return CommandOutput(status: process.terminationStatus, output: output, errors: errors)
    }

    /// Waits until the command has said something, or has ended.
    func wait(for what: String, _ condition: () throws -> Bool) async throws {
        let start = ContinuousClock.now
        while try !condition() {
            guard ContinuousClock.now - start < Self.limit else {
                throw Timeout(description: "waited in vain for \(what); output: \(output) errors: \(errors)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Waits until its output contains a text.
    func says(_ text: String) async throws {
        try await wait(for: "'\(text)'") { output.contains(text) || ended.withLock { $0 } }
        #expect(output.contains(text), "\(errors)")
    }

    private struct Timeout: Error, CustomStringConvertible {
        var description: String
    }

    private static func file(_ path: String) throws -> FileHandle? {
        try Data().write(to: URL(fileURLWithPath: path))
        return FileHandle(forWritingAtPath: path)
    }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(files.path)/\(name)") ?? Data(), as: UTF8.self)
    }

    /// Beside the test bundle.
    private static var executable: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let tests = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return tests.deletingLastPathComponent().appendingPathComponent("payout-worker")
    }
}
