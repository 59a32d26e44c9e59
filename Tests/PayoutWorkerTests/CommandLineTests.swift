import ArgumentParser
import PayoutFilters
import Testing

@testable import payout_worker

@Suite struct CommandLineTests {
    @Test(arguments: [
        ["run"], ["run", "--config", "worker.yaml", "--set", "KAFKA_GROUP_ID=g"], ["demo", "--jobs", "3"],
        ["enqueue", "--kind", "payments"], ["enqueue", "--request-id", "r"], ["enqueue", "--file", "-"],
        ["enqueue", "--count", "10", "--prefix", "p", "--wait", "--timeout", "5m", "--output", "json"],
        ["cancel", "a", "b"], ["results", "--follow", "--from", "end"], ["results", "--job", "a", "--job", "b"],
        ["status"], ["status", "a", "--watch", "--interval", "500ms"],
        ["topics", "create", "--replication-factor", "3"],
        ["topics", "check", "-o", "json"], ["dead-letters", "list", "--since", "2h"], ["dead-letters", "show", "3/17"],
        ["dead-letters", "replay", "3/17", "0/1"], ["dead-letters", "replay", "--all", "--dry-run"],
        ["export", "create", "--kind", "payments", "--from", "2026-01-01"],
        ["export", "get", "--kind", "payments", "r"], ["export", "delete", "--kind", "payments", "r"],
        ["export", "download", "--kind", "transactionHistory", "r", "--out", "-"], ["check-config", "--connect"],
        ["sandbox", "--no-kafka", "--port", "8085", "--speed", "instant", "--faults", "flaky"],
        ["sandbox", "--export-time", "12h", "--no-idempotency"],
    ])
    func isUnderstood(arguments: [String]) throws {
        _ = try PayoutWorker.parseAsRoot(arguments)
    }

    @Test(arguments: [
        ["nonsense"], ["enqueue"], ["enqueue", "--file", "-", "--count", "2"], ["enqueue", "--count", "0"],
        ["enqueue", "--file", "-", "--kind", "payments"], ["enqueue", "--count", "2", "--job-id", "a"],
        ["enqueue", "--kind", "payments", "--timeout", "soon"], ["cancel"], ["cancel", "not an id"],
        ["results", "--from", "end"], ["topics", "create", "--partitions", "0"],
        ["topics", "create", "--retention", "forever"], ["dead-letters", "show", "3"], ["dead-letters", "replay"],
        ["dead-letters", "replay", "3/17", "--all"], ["dead-letters", "list", "--since", "yesterday"],
        ["export", "create"], ["export", "create", "--kind", "payments", "--out", "f"],
        ["export", "create", "--kind", "payments", "--from", "2026-02-30"],
        ["export", "create", "--kind", "payments", "--filter", "paymentDate gee 1"],
        ["export", "create", "--kind", "payments", "--filter", "paymentAmount gt 1", "--to", "2026-01-01"],
        ["sandbox", "--port", "70000"], ["sandbox", "--export-time", "long"], ["demo", "--jobs", "0"],
    ])
    func isWrongUsage(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try PayoutWorker.parseAsRoot(arguments) }
        guard let error else { return }
        #expect(PayoutWorker.exitCode(for: error) == .validationFailure)
    }

    @Test func everyCommandHasHelpWithAnExample() {
        func visit(_ command: any ParsableCommand.Type) {
            let configuration = command.configuration
            #expect(!configuration.abstract.isEmpty, "\(command)")
            for inner in configuration.subcommands { visit(inner) }
            if configuration.subcommands.isEmpty {
                #expect(configuration.discussion.contains("payout-worker "), "\(command) shows no example")
            }
        }
        visit(PayoutWorker.self)
    }

    @Test func settingsOfFlags() throws {
        let options = try CommonOptions.parse(["--set", "KAFKA_GROUP_ID=a=b", "--bootstrap-servers", "h:1"])
        let settings = try options.settings()
        #expect(try settings.value("KAFKA_GROUP_ID")?.text == "a=b")
        #expect(try settings.value("KAFKA_BOOTSTRAP_SERVERS")?.text == "h:1")
        #expect(throws: ValidationError.self) { try CommonOptions.parse(["--set", "KAFKA_GRUP=a"]).settings() }
        #expect(throws: ValidationError.self) { try CommonOptions.parse(["--set", "KAFKA_GROUP_ID"]).settings() }
    }

    @Test func filtersAreBuilt() throws {
        let options = try FilterOptions.parse(["--from", "2026-01-01", "--to", "2026-03-31", "--participant", "4711"])
        #expect(
            try options.text(.payments)
                == "paymentDate ge 2026-01-01 and paymentDate le 2026-03-31 and enrollmentParticipantId eq '4711'"
        )
        #expect(try options.text(.transactionHistory)?.hasPrefix("earningForDate ge 2026-01-01") == true)
        #expect(try FilterOptions.parse([]).text(.payments) == nil)
    }
}
