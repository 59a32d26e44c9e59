import ChildProcesses
public import Foundation

/// An S3 implementation in a separate process: moto, which checks signatures and policies.
///
/// Sendable because the only operation on the process is its termination.
public final class MotoServer: @unchecked Sendable {
    /// Its address and keys, as its script prints them.
    public struct Stage: Decodable, Sendable {
        /// Where it listens.
        public var endpoint: String
        /// A bucket, empty at first.
        public var bucket: String
        /// A role that the worker's keys may assume.
        public var role: String
        /// The worker's key, with all rights.
        public var accessKeyId: String
        /// Its secret.
        public var secretAccessKey: String
        /// Keys that may read and not write.
        public var readerKeyId: String
        /// Their secret.
        public var readerSecret: String
    }

    /// The reason why moto is unavailable.
    public struct StartError: Error, CustomStringConvertible {
        /// What went wrong.
        public var description: String
    }

    /// Its address and keys.
    public let stage: Stage
    private let process: ChildProcess
    private let input: Pipe
    /// Kept, because the script cannot write to a pipe that nothing can read.
    private let output: Pipe

    /// The Python with the tests' packages; `nil` if there is none, and the tests that need it are skipped.
    public static let python: URL? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let python = root.appending(path: ".build/venv/bin/python3")
        return FileManager.default.isExecutableFile(atPath: python.path) ? python : nil
    }()

    /// `aws`, from the same packages.
    public static var awsTool: URL? {
        guard let tool = python?.deletingLastPathComponent().appending(path: "aws"),
            FileManager.default.isExecutableFile(atPath: tool.path)
        else { return nil }
        return tool
    }

    /// Starts moto on a free port. It ends with this process at the latest, because it reads from a pipe.
    public init() throws {
        guard let python = Self.python else { throw StartError(description: "no Python packages: run 'make test'") }
        output = Pipe()
        input = Pipe()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "moto_fixture.py").path
        process = try ChildProcess(
            python.path,
            [script],
            input: input.fileHandleForReading,
            output: output.fileHandleForWriting,
            errors: .standardError
        )
        // Only the script keeps these ends: its end is seen here, and the end of this process there.
        try input.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
        // The line is written in one piece; the pipe ends when the script does.
        let line = output.fileHandleForReading.availableData
        guard let stage = try? JSONDecoder().decode(Stage.self, from: line) else {
            process.signal(SIGTERM)
            throw StartError(description: "moto did not start: \(String(decoding: line, as: UTF8.self))")
        }
        self.stage = stage
    }

    deinit { stop() }

    /// Ends it.
    public func stop() {
        try? input.fileHandleForWriting.close()
        process.waitForEnd()
    }

    /// The standard variables with the worker's keys.
    public var environment: [String: String] {
        ["AWS_ACCESS_KEY_ID": stage.accessKeyId, "AWS_SECRET_ACCESS_KEY": stage.secretAccessKey]
    }

    /// Runs the `aws` tool and returns what it prints.
    public func aws(_ arguments: [String]) throws -> Data {
        guard let tool = Self.awsTool else { throw StartError(description: "aws is not installed") }
        let run = try FinishedProcess(
            tool.path,
            ["--endpoint-url", stage.endpoint, "--region", "us-east-1"] + arguments,
            environment: environment.merging(["PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"]) { $1 }
        )
        guard run.status == 0 else {
            let errors = String(decoding: run.errors, as: UTF8.self)
            throw StartError(description: "aws \(arguments.joined(separator: " ")) failed: \(errors)")
        }
        return run.output
    }
}
