import Foundation
import Testing
import TestSupport

/// An embedded broker and the sandbox API in one process, started like a user does.
struct Sandbox {
    let worker: URL
    /// The variables that the sandbox printed for its users' shells.
    let variables: [String: String]

    /// Starts it, runs the body, and stops it.
    static func with(_ arguments: [String], _ body: (Sandbox) async throws -> Void) async throws {
        let worker = try #require(Places.worker, "payout-worker is not built")
        try await Program.running(worker, ["sandbox"] + arguments, environment: [:]) { sandbox in
            try await eventually("the sandbox prints its variables", while: sandbox) {
                variables(sandbox.output)["PAYOUT_API_BLOB_HOSTS"] != nil
            }
            try await body(Sandbox(worker: worker, variables: variables(sandbox.output)))
        }
    }

    /// The variables that were printed as `export NAME=VALUE`.
    static func variables(_ text: String) -> [String: String] {
        // The last line may not be complete yet.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return lines.reduce(into: [:]) { found, line in
            guard line.hasPrefix("export "), let equals = line.firstIndex(of: "=") else { return }
            let name = String(line[..<equals].dropFirst("export ".count))
            found[name] = line[line.index(after: equals)...].trimmingCharacters(in: ["'"])
        }
    }
}

/// A sandbox, and a worker in another process.
struct SandboxEnvironment {
    let worker: URL
    /// The variables of a user's shell: the sandbox's, and the command on the search path.
    let environment: [String: String]
    /// A folder for files of the test, which is also `HOME`.
    let folder: URL
    private let run: Program

    /// Starts everything, runs the body, and stops everything.
    ///
    /// - Parameter partitions: Of each topic. With one, a consumer receives the events in the order of their publication.
    static func with(partitions: Int = 6, _ body: (SandboxEnvironment) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "examples-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "store"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Sandbox.with(["--speed", "instant", "--kafka-partitions", "\(partitions)"]) { sandbox in
            let path = sandbox.worker.deletingLastPathComponent().path + ":" + Places.path
            let environment = sandbox.variables.merging(["PATH": path, "HOME": folder.path]) { $1 }
            let own = [
                "FILES_LOCATION": "file://" + folder.appending(path: "store").path, "HTTP_PORT": "0",
                "WORKER_POLL_MIN_INTERVAL": "100ms", "WORKER_POLL_MAX_INTERVAL": "500ms",
            ]
            try await Program.running(sandbox.worker, ["run"], environment: environment.merging(own) { $1 }) { run in
                try await body(
                    SandboxEnvironment(worker: sandbox.worker, environment: environment, folder: folder, run: run)
                )
                #expect(run.isRunning, "the worker ended: \(run.errors.suffix(2_000))")
            }
        }
    }

    /// Runs a program to its end, in the shell of a user of the sandbox.
    ///
    /// - Returns: what it printed to standard output.
    func output(of executable: URL, _ arguments: [String], within limit: Duration = .seconds(600)) async throws
        -> String
    {
        try await Program.running(executable, arguments, environment: environment) { program in
            let status = await program.waitForEnd(within: limit)
            #expect(
                status == 0,
                "\(executable.lastPathComponent): \(program.errors.suffix(2_000)); the worker: \(run.errors.suffix(1_000))"
            )
            return program.output
        }
    }

    /// Runs a batch, and waits until its event is in the results topic: it has no `jobId` and no `files`.
    func publishBatchEvent() async throws {
        _ = try await shell("payout-worker enqueue --kind payments --month 2026-10 --split week --batch weeks --wait")
        try await eventually("the batch has an event") {
            try await shell("payout-worker results --output json").contains(#""batchId":"weeks""#)
        }
    }

    /// Runs a text as a shell script.
    func shell(_ script: String) async throws -> String {
        try await output(of: URL(filePath: "/bin/sh"), ["-euc", script])
    }
}

/// Waits until a condition holds, as long as a program runs that it depends on.
func eventually(_ what: String, while program: Program, _ condition: () async throws -> Bool) async throws {
    try await eventually("\(what); the program: \(program.errors.suffix(2_000))") {
        if try await condition() { return true }
        try #require(program.isRunning, "\(what): the program ended: \(program.errors.suffix(2_000))")
        return false
    }
}
