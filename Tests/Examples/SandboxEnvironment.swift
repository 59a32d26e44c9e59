import Foundation
import Testing

/// An embedded broker and the sandbox API in one process, and a worker in another, started like a user does.
struct SandboxEnvironment {
    let worker: URL
    /// The variables that the sandbox printed for its users' shells.
    let environment: [String: String]
    private let run: Program

    /// Starts everything, runs the body, and stops everything.
    static func with(_ body: (SandboxEnvironment) async throws -> Void) async throws {
        let worker = try #require(Places.worker, "payout-worker is not built")
        let files = FileManager.default.temporaryDirectory.appending(path: "examples-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files) }
        try await Program.running(worker, ["sandbox", "--speed", "instant"], environment: [:]) { sandbox in
            try await eventually("the sandbox prints its variables", sandbox) {
                let printed = variables(sandbox.output)
                return printed["KAFKA_BOOTSTRAP_SERVERS"] != nil && printed["PAYOUT_API_BLOB_HOSTS"] != nil
            }
            let environment = variables(sandbox.output)
            let own = [
                "FILES_LOCATION": "file://" + files.path, "HTTP_PORT": "0", "WORKER_POLL_MIN_INTERVAL": "100ms",
                "WORKER_POLL_MAX_INTERVAL": "500ms",
            ]
            try await Program.running(worker, ["run"], environment: environment.merging(own) { $1 }) { run in
                try await body(SandboxEnvironment(worker: worker, environment: environment, run: run))
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

    /// Runs a text as a shell script.
    func shell(_ script: String) async throws -> String {
        try await output(of: URL(filePath: "/bin/sh"), ["-euc", script])
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

/// Waits until the condition holds; records an issue and gives up when it does not.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(600),
    _ program: Program? = nil,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline, program?.isRunning ?? true else {
            Issue.record("In vain: \(what). \(program?.errors.suffix(2_000) ?? "")")
            throw GaveUp()
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

struct GaveUp: Error {}
