public import Foundation
import Synchronization

/// An S3 implementation in a process of its own: moto, with signatures and policies checked.
///
/// Sound to share: the process is only asked to end.
public final class MotoServer: @unchecked Sendable {
    /// Where it listens and whose keys it takes, as its script prints them.
    public struct Stage: Decodable, Sendable {
        /// Where it listens.
        public var endpoint: String
        /// A bucket, empty at first.
        public var bucket: String
        /// A role that the worker's keys may take on.
        public var role: String
        /// The worker's key, which may do everything.
        public var accessKeyId: String
        /// Its secret.
        public var secretAccessKey: String
        /// Keys that may read and not write.
        public var readerKeyId: String
        /// Their secret.
        public var readerSecret: String
    }

    /// Why moto cannot be had.
    public struct StartError: Error, CustomStringConvertible {
        /// What went wrong.
        public var description: String
    }

    /// Where it listens and whose keys it takes.
    public let stage: Stage
    private let process: Process
    private let input: Pipe

    /// The Python of the test's packages; `nil` where there is none, and the tests that need it are skipped.
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

    /// Starts moto on a free port. It ends with this process at the latest: it reads from a pipe.
    public init() throws {
        guard let python = Self.python else { throw StartError(description: "no Python packages: run 'make test'") }
        let output = Pipe()
        input = Pipe()
        process = Process()
        process.executableURL = python
        process.arguments = [
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "moto_stage.py").path
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The line is written in one piece; the pipe ends when the script does.
        let line = output.fileHandleForReading.availableData
        guard let stage = try? JSONDecoder().decode(Stage.self, from: line) else {
            process.terminate()
            throw StartError(description: "moto did not start: \(String(decoding: line, as: UTF8.self))")
        }
        self.stage = stage
    }

    deinit { stop() }

    /// Ends it.
    public func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// The standard variables with the worker's keys.
    public var environment: [String: String] {
        ["AWS_ACCESS_KEY_ID": stage.accessKeyId, "AWS_SECRET_ACCESS_KEY": stage.secretAccessKey]
    }

    /// Runs the `aws` tool and returns what it prints.
    public func aws(_ arguments: [String]) throws -> Data {
        guard let tool = Self.awsTool else { throw StartError(description: "aws is not installed") }
        let (run, output) = (Process(), Pipe())
        run.executableURL = tool
        run.arguments = ["--endpoint-url", stage.endpoint, "--region", "us-east-1"] + arguments
        run.environment = environment.merging(["PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"]) { $1 }
        run.standardOutput = output
        try run.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        run.waitUntilExit()
        guard run.terminationStatus == 0 else {
            throw StartError(description: "aws \(arguments.joined(separator: " ")) failed")
        }
        return printed
    }
}
