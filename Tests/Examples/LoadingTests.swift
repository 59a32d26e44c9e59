import ChildProcesses
import Foundation
import Testing

/// Runs the loader of deploy/examples against a PostgreSQL server that the script starts and stops.
@Suite("Loading files into PostgreSQL", .serialized)
struct LoadingTests {
    private static let script = Places.root.appending(path: "Tests/Examples/loading.py").path

    private static func canRun() async -> Bool {
        guard let python = await Places.python() else { return false }
        let status = try? await Program.running(python, [script, "--check"], environment: [:]) {
            await $0.waitForEnd(within: .seconds(600))
        }
        return status == 0
    }

    @Test(
        "Each event's rows are loaded once, and an unsuitable file is refused",
        .enabled("Tests/Examples/loading.py --check names what is missing; `make test` sets it up") {
            await canRun()
        }
    )
    func loader() async throws {
        let python = try #require(await Places.python())
        let worker = try #require(Places.worker, "payout-worker is not built")
        try await Program.running(python, [Self.script, worker.path], environment: [:]) { program in
            let status = await program.waitForEnd(within: .seconds(1_800))
            #expect(status == 0, "\(program.output.suffix(2_000)) \(program.errors.suffix(3_000))")
        }
    }
}
