import ChildProcesses
import Foundation
import Testing
import TestSupport

/// Runs the loader of deploy/examples against a PostgreSQL server that a script starts and stops.
@Suite("Loading files into PostgreSQL", .serialized)
struct LoadingTests {
    private static let missing: Comment =
        "PostgreSQL's server or a Python package is missing: `.ci/setup --postgresql` installs the server, make the packages"
    private static let script = script("loading")

    private static func script(_ name: String) -> String {
        Places.root.appending(path: "Tests/Examples/\(name).py").path
    }

    private static func canRun() async -> Bool {
        guard let python = await Places.python(with: "psycopg") else { return false }
        let status = try? await Program.running(python, [script, "--check"], environment: [:]) {
            await $0.waitForEnd(within: .seconds(600))
        }
        return status == 0
    }

    @Test(
        "Each event's rows are loaded once, and an unsuitable file is refused",
        .enabled(missing) { await canRun() }
    )
    func loader() async throws { try await runToEnd("loading") }

    @Test(
        "A year by months ends with twelve files and their rows, although workers are killed and the command is repeated",
        .enabled(missing) { await canRun() }
    )
    func period() async throws { try await runToEnd("period") }

    private func runToEnd(_ name: String) async throws {
        let python = try #require(await Places.python(with: "psycopg"))
        let worker = try #require(Places.worker, "payout-worker is not built")
        try await Program.running(python, [Self.script(name), worker.path], environment: [:]) { program in
            let status = await program.waitForEnd(within: .seconds(1_800))
            #expect(status == 0, "\(program.output.suffix(2_000)) \(program.errors.suffix(3_000))")
        }
    }

    @Test(
        "The script stops its PostgreSQL server when it is terminated",
        .enabled(missing) { await canRun() }
    )
    func termination() async throws {
        let python = try #require(await Places.python(with: "psycopg"))
        let worker = try #require(Places.worker, "payout-worker is not built")
        let server = try await Program.running(python, [Self.script, worker.path], environment: [:]) { program in
            try await eventually("the script prints the server's process id", while: program) {
                program.output.contains { $0.isNewline }
            }
            return try #require(pid_t(program.output.prefix { !$0.isNewline }))
        }
        // The script has removed its files; the process may still be ending.
        try await eventually("PostgreSQL has ended") { kill(server, 0) == -1 && errno == ESRCH }
    }
}
