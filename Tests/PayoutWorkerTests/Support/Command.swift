import ChildProcesses
import Foundation
import Testing

/// The output and exit status of a command.
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

/// A process of the built executable.
final class Command: Sendable {
    /// Only bounds a hang.
    static let limit: Duration = .seconds(600)

    private let process: ChildProcess
    private let files: TemporaryFile

    /// Starts `payout-worker` with these arguments and only these variables.
    ///
    /// - Parameters:
    ///   - errors: its standard error. Default: a file.
    ///   - descriptors: its limit of file descriptors. Default: the limit of this process.
    init(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String = "",
        errors: FileHandle? = nil,
        descriptors: Int? = nil
    ) throws {
        files = try TemporaryFile(directory: ())
        var line = [Self.executable.path] + arguments
        if let descriptors { line = ["/bin/sh", "-c", "ulimit -n \(descriptors) && exec \"$0\" \"$@\""] + line }
        var all = ["PATH": "/usr/bin:/bin", "LOG_FORMAT": "text"]
        all["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
        try Data(input.utf8).write(to: URL(fileURLWithPath: files.path + "/input"))
        let ownErrors = try Self.file(files.path + "/errors")
        process = try ChildProcess(
            line[0],
            Array(line.dropFirst()),
            environment: all.merging(environment) { $1 },
            input: FileHandle(forReadingAtPath: files.path + "/input"),
            output: Self.file(files.path + "/output"),
            errors: errors ?? ownErrors
        )
    }

    /// Runs to the end.
    static func run(
        _ arguments: String...,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> CommandOutput {
        try await Command(arguments, environment: environment, input: input).end()
    }

    var processID: Int32 { process.processID }
    var output: String { text("output") }
    var errors: String { text("errors") }

    func signal(_ number: Int32) { process.signal(number) }

    /// Waits for the end.
    func end() async throws -> CommandOutput {
        try await wait(for: "the command's end") { !process.isRunning }
        return CommandOutput(status: process.waitForEnd(), output: output, errors: errors)
    }

    /// Waits until a condition of the command's output holds.
    func wait(for what: String, _ condition: () throws -> Bool) async throws {
        let start = ContinuousClock.now
        while try !condition() {
            guard ContinuousClock.now - start < Self.limit else {
                throw Timeout(description: "timed out waiting for \(what); output: \(output) errors: \(errors)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Waits until the output contains a text.
    func prints(_ text: String) async throws {
        try await wait(for: "'\(text)'") { !process.isRunning || output.contains(text) }
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

    /// It is in the folder of the test bundle.
    private static var executable: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let tests = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return tests.deletingLastPathComponent().appendingPathComponent("payout-worker")
    }
}
