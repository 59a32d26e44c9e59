import Foundation
import Testing
import TestSupport

/// Runs the recipes for the shell unchanged, on the sandbox.
@Suite("Recipes for the shell", .serialized)
struct ShellRecipeTests {
    @Test func jobsAreEnqueuedAndTheirEventsRead() async throws {
        try await SandboxEnvironment.with { environment in
            let printed = try await environment.shell(try Recipe.text("enqueue"))
            #expect(printed.contains("from-command  completed"), "\(printed)")
            _ = try await environment.shell(try Recipe.text("cancel"))

            for recipe in ["schedule", "month"] {
                let first = try await environment.shell(try Recipe.text(recipe))
                let second = try await environment.shell(try Recipe.text(recipe))
                #expect(first == second && first.hasPrefix("payments-from-"), "the ids differ: \(first) \(second)")
            }
            let parts = try await environment.shell(try Recipe.text("split"))
            #expect(parts.split(separator: "\n").count { $0.contains("completed") } == 12, "\(parts)")
        }
    }

    @Test func exportsThatExistAreAdopted() async throws {
        try await SandboxEnvironment.with { environment in
            let created = try await environment.shell("payout-worker export create --kind payments --month 2026-10")
            let id = try #require(created.firstMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/)).0
            let recipes = [
                try Recipe.text("adopt", for: id), try Recipe.text("migrate-adopt", for: id),
                try Recipe.text("migrate-queue"),
            ]
            _ = try await environment.shell(recipes.joined())
            try await eventually("each job has its file") {
                let events = try await environment.shell("payout-worker results").split(separator: "\n")
                return ["payments-2026-10-again", "payments-2023-03", "history-2023-03"].allSatisfy { job in
                    events.contains { $0.hasPrefix("\(job) ") && $0.contains(" completed ") }
                }
            }
        }
    }

    @Test func manyJobsAreCancelledAndRetried() async throws {
        try await SandboxEnvironment.with { environment in
            let tomorrow = Date(timeIntervalSinceNow: 86_400).formatted(.iso8601)
            _ = try await environment.shell(
                """
                payout-worker enqueue --kind payments --from 2025-07-01 --to 2025-09-01 --split month --batch fy26 \
                    --not-before \(tomorrow)
                payout-worker enqueue --kind payments --job-id lost --request-id 00000000-0000-0000-0000-000000000000
                """
            )
            try await eventually("a job has failed, and the batch's jobs are accepted") {
                let jobs = try await environment.shell("payout-worker jobs list --status failed,accepted")
                    .split(separator: "\n")
                return jobs.contains { $0.contains(" failed ") } && jobs.count { $0.contains(" accepted ") } == 2
            }
            // The previews exit with 1.
            let printed = try await environment.shell("set +e\n" + (try Recipe.text("many-jobs")))
            #expect(printed.contains("lost.retry-1"), "\(printed)")
            try await eventually("the batch is cancelled") {
                try await environment.shell("payout-worker results --status cancelled").split(separator: "\n")
                    .count { $0.contains("cancelled") } >= 2
            }
        }
    }

    @Test(.enabled(if: Places.program("jq") != nil, "jq is not installed"))
    func storedFilesAreListedWithTheirChecksums() async throws {
        try await SandboxEnvironment.with { environment in
            try await environment.publishBatchEvent()
            let printed = try await environment.shell(try Recipe.text("load"))
            let lines = printed.split(separator: "\n")
            #expect(lines.count == 5, "one file for each week of the batch: \(printed)")
            let fields = lines.first?.split(separator: "\t") ?? []
            let location = try #require(fields.last)
            let sum = try await environment.shell("sha256sum '\(location.dropFirst("file://".count))'")
            #expect(sum.hasPrefix(fields[0]), "\(printed)")
        }
    }

    @Test(.enabled(if: Places.program("jq") != nil && Places.program("kcat") != nil, "jq or kcat is not installed"))
    func jobsWithoutAnEventAreEnqueuedAgain() async throws {
        try await SandboxEnvironment.with { environment in
            _ = try await environment.shell("payout-worker enqueue --kind payments --job-id ended --wait")
            _ = try await environment.shell("payout-worker enqueue --kind payments --job-id late --not-before 2h")
            try await environment.publishBatchEvent()
            // A record that is no JSON, and a rejection that names a running job.
            _ = try await environment.shell(
                """
                echo invalid | kcat -P -b "$KAFKA_BOOTSTRAP_SERVERS" -t payout.export.jobs -k invalid
                payout-worker enqueue --kind transactionHistory --job-id late
                """
            )
            try await eventually("the second job of the same id is rejected") {
                try await environment.shell("payout-worker results").contains("conflictingJob")
            }
            let recipe = try Recipe.text("jobs-without-event")
            let printed = try await environment.shell("cd \"$HOME\"\n" + recipe + "cat missing")
            #expect(printed.contains(#""jobId":"late""#), "\(printed)")
            #expect(!printed.contains("ended"), "\(printed)")
        }
    }

    @Test(
        .enabled("there is no Python with moto; `make test` sets one up") { await Places.python(with: "moto") != nil }
    )
    func demoStoresItsFilesInS3() async throws {
        let python = try #require(await Places.python(with: "moto"))
        try await SandboxEnvironment.with { environment in
            let port = try await environment.output(
                of: python,
                ["-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"]
            )
            let recipe = try Recipe.text("s3").replacing(
                "5000",
                with: port.trimmingCharacters(in: .whitespacesAndNewlines)
            )
            let programs = python.deletingLastPathComponent().path
            // The server of the recipe runs until its shell ends it.
            let printed = try await environment.shell(
                "export PATH='\(programs)':\"$PATH\"\ntrap 'kill $!' EXIT\n" + recipe
            )
            #expect(printed.contains("payouts/default/"), "\(printed)")
        }
    }

    @Test func deadLettersAreListedAndReplayed() async throws {
        try await SandboxEnvironment.with { environment in
            let job = #"{"jobId": "bad", "kind": "invoices"}"#
            _ = try await environment.shell("echo '\(job)' | payout-worker enqueue --no-check --file -")
            try await eventually("the record is a dead letter") {
                try await environment.shell("payout-worker dead-letters list").contains("invoices")
            }
            let printed = try await environment.shell(try Recipe.text("dead-letters"))
            #expect(printed.contains("kind must be"), "\(printed)")
            try await eventually("the replayed record is a dead letter again") {
                try await environment.shell("payout-worker dead-letters list").split(separator: "\n").count {
                    $0.contains("invoices")
                } == 2
            }
        }
    }
}
