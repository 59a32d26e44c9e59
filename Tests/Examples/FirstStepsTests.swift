import Foundation
import Testing

/// Runs the README's first steps and the guides' first exports unchanged, from a folder that looks like the reader's clone.
@Suite("First steps", .serialized)
struct FirstStepsTests {
    @Test(Reader.hasBrowser)
    func readmeLeadsToAFileAndToARunningWorker() async throws {
        try await Sandbox.with(["--speed", "instant", "--signed-out", "--mfa", "1"]) { sandbox in
            let reader = try Reader(sandbox)
            let export = try reader.filledIn(try Recipe.text("first-real-export"))
            let printed = try await reader.shell(export)
            #expect(printed.contains("sha256"), "\(printed)")
            #expect(try reader.files().contains { $0.hasSuffix(".csv") })

            let run = try export + reader.filledIn(try Recipe.text("run-with-kafka"))
            // The second export would not replace the first one's file.
            let again = run.replacing("export create", with: "export create --help #")
            try await reader.running(again) { worker in
                let second = try Recipe.text("second-shell")
                let settings = again.split(separator: "\n").filter { $0.hasPrefix("export ") }.joined(separator: "\n")
                let events = try await reader.shell(settings + "\n" + second)
                #expect(events.contains("completed"), "\(events); the worker: \(worker.errors.suffix(2_000))")
            }
        }
    }

    @Test func pageOnRunningLeadsToAWorkerThatPassesTheChecksAfterAnUpgrade() async throws {
        try await Sandbox.with(["--speed", "instant"]) { sandbox in
            let reader = try Reader(sandbox, isSignedIn: true)
            let run = try reader.filledIn(try Recipe.text("run"))
            try await reader.running(run) { worker in
                let events = try await reader.shell("payout-worker enqueue --kind payments --wait")
                #expect(events.contains("completed"), "\(events); the worker: \(worker.errors.suffix(2_000))")
                let checks = try await reader.shell(try Recipe.text("after-upgrade"))
                #expect(checks.contains("ok: topics: payout.export.jobs (6)"), "\(checks)")
            }
        }
    }

    @Test(Reader.hasBrowser)
    func guidesLeadToATokenAndAFile() async throws {
        try await Sandbox.with(["--no-kafka", "--speed", "instant", "--signed-out", "--mfa", "1"]) { sandbox in
            let reader = try Reader(sandbox)
            let printed = try await reader.shell(
                try reader.filledIn(try Recipe.text("sign-in")) + Recipe.text("first-export")
            )
            #expect(printed.contains("Refresh token saved in"), "\(printed)")
            #expect(try reader.files().contains { $0.hasSuffix(".csv") }, "\(printed)")
        }
    }
}
