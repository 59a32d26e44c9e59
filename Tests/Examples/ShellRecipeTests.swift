import Foundation
import Testing

/// Runs the recipes for the shell unchanged, on the sandbox.
@Suite("Recipes for the shell", .serialized)
struct ShellRecipeTests {
    @Test func jobsAreEnqueuedAndTheirEventsRead() async throws {
        try await SandboxEnvironment.with { environment in
            let printed = try await environment.shell(try Recipe.text("enqueue"))
            #expect(printed.contains("from-command  completed"), "\(printed)")

            _ = try await environment.shell(try Recipe.text("schedule"))
            _ = try await environment.shell(try Recipe.text("schedule"))
            try await eventually("the scheduled job has one event") {
                try await environment.shell("payout-worker results").split(separator: "\n").count {
                    $0.contains("payments-30d-") && $0.contains("completed")
                } == 1
            }
        }
    }

    @Test(.enabled(if: Places.program("jq") != nil, "jq is not installed"))
    func storedFilesAreListedWithTheirChecksums() async throws {
        try await SandboxEnvironment.with { environment in
            _ = try await environment.shell("payout-worker enqueue --kind payments --job-id a --wait")
            let printed = try await environment.shell(try Recipe.text("load"))
            let fields = printed.split(separator: "\n").first?.split(separator: "\t") ?? []
            let location = try #require(fields.last)
            let sum = try await environment.shell("sha256sum '\(location.dropFirst("file://".count))'")
            #expect(sum.hasPrefix(fields[0]), "\(printed)")
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
