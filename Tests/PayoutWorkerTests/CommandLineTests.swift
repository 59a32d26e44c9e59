import ArgumentParser
import PayoutFilters
import Testing

@testable import payout_worker

@Suite struct CommandLineTests {
    @Test(arguments: [
        ["run"], ["run", "--config", "worker.yaml", "--set", "KAFKA_GROUP_ID=g"], ["demo", "--jobs", "3"],
        ["enqueue", "--kind", "payments"], ["enqueue", "--request-id", "r"], ["enqueue", "--file", "-"],
        ["enqueue", "--count", "10", "--prefix", "p", "--wait", "--timeout", "5m", "--output", "json"],
        ["pause", "--yes"],
        ["pause", "--account", "a", "--kind", "payments", "--for", "2h", "--calls", "--reason", "r"],
        ["resume"], ["resume", "--kind", "payments"], ["jobs", "cancel", "a"],
        ["jobs", "cancel", "--status", "waiting"],
        ["jobs", "retry", "--batch", "b", "--account", "a", "--metadata", "k=v", "--since", "2h", "--yes"],
        ["cancel", "a", "b"], ["results", "--follow", "--from", "end"], ["results", "--job", "a", "--job", "b"],
        ["results", "--since", "2h", "--status", "failed, partial", "--last", "3"],
        ["status"], ["status", "a", "--watch", "--interval", "500ms"],
        ["topics", "create", "--replication-factor", "3"],
        ["topics", "recover", "--all", "--from", "beginning", "--dry-run"],
        ["topics", "recover", "--partition", "3", "--partition", "4", "--from", "1842"],
        ["topics", "recover", "--all", "--from", "2026-12-01T00:00:00Z"],
        ["topics", "recover", "--all", "--from", "36h"], ["topics", "recover", "--all", "--from", "committed"],
        ["topics", "check", "-o", "json"], ["dead-letters", "list", "--since", "2h"], ["dead-letters", "show", "3/17"],
        ["dead-letters", "replay", "3/17", "0/1"], ["dead-letters", "replay", "--all", "--dry-run"],
        ["export", "create", "--kind", "payments", "--from", "2026-01-01"],
        ["export", "get", "--kind", "payments", "r"], ["export", "delete", "--kind", "payments", "r"],
        ["export", "download", "--kind", "transactionHistory", "r", "--out", "-"], ["check-config", "--connect"],
        ["sandbox", "--no-kafka", "--port", "8085", "--speed", "instant", "--faults", "flaky"],
        ["sign-in", "--out", "refresh-token", "--timeout", "1s"], ["sign-in", "--device-code", "--account", "emea"],
        ["sandbox", "--export-time", "12h", "--no-idempotency"],
    ])
    func validArgumentsAreParsed(arguments: [String]) throws {
        _ = try PayoutWorker.parseAsRoot(arguments)
    }

    @Test(arguments: [
        ["nonsense"], ["enqueue"], ["enqueue", "--file", "-", "--count", "2"], ["enqueue", "--count", "0"],
        ["enqueue", "--file", "-", "--kind", "payments"], ["enqueue", "--count", "2", "--job-id", "a"],
        ["enqueue", "--kind", "payments", "--timeout", "soon"], ["cancel"], ["cancel", "not an id"],
        ["pause", "--for", "soon"], ["pause", "--until", "2020-01-01T00:00:00Z"], ["pause", "--kind", "invoices"],
        ["pause", "--for", "1h", "--until", "2099-01-01T00:00:00Z"], ["resume", "--account", ""],
        ["jobs", "cancel"], ["jobs", "retry", "--yes"], ["jobs", "cancel", "a", "--batch", "b"],
        ["jobs", "retry", "--metadata", "k"], ["jobs", "cancel", "--status", "sleeping"],
        ["results", "--from", "end"], ["topics", "create", "--partitions", "0"],
        ["results", "--status", "waiting"], ["results", "--last", "0"], ["results", "--last", "1", "--follow"],
        ["topics", "recover", "--all"], ["topics", "recover", "--from", "end"],
        ["topics", "recover", "--all", "--partition", "1", "--from", "end"],
        ["topics", "recover", "--all", "--from", "somewhere"],
        ["topics", "create", "--retention", "forever"], ["dead-letters", "show", "3"], ["dead-letters", "replay"],
        ["dead-letters", "replay", "3/17", "--all"], ["dead-letters", "list", "--since", "yesterday"],
        ["export", "create"], ["export", "create", "--kind", "payments", "--out", "f"],
        ["export", "create", "--kind", "payments", "--from", "2026-02-30"],
        ["export", "create", "--kind", "payments", "--filter", "payoutStatusUpdateTS gee 1"],
        ["export", "create", "--kind", "payments", "--month", "2026-10", "--to", "2026-01-01"],
        ["sign-in", "--timeout", "0s"], ["sign-in", "--timeout", "soon"], ["sign-in", "--out", ""],
        ["sandbox", "--port", "70000"], ["sandbox", "--export-time", "long"], ["demo", "--jobs", "0"],
    ])
    func invalidArgumentsExitWithValidationFailure(arguments: [String]) {
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

    @Test func flagsSetVariablesAndUnknownVariablesAreRefused() throws {
        let options = try CommonOptions.parse(["--set", "KAFKA_GROUP_ID=a=b", "--bootstrap-servers", "h:1"])
        let settings = try options.settings()
        #expect(try settings.value("KAFKA_GROUP_ID")?.text == "a=b")
        #expect(try settings.value("KAFKA_BOOTSTRAP_SERVERS")?.text == "h:1")
        #expect(throws: ValidationError.self) { try CommonOptions.parse(["--set", "KAFKA_GRUP=a"]).settings() }
        #expect(throws: ValidationError.self) { try CommonOptions.parse(["--set", "KAFKA_GROUP_ID"]).settings() }
    }

    @Test(arguments: [
        "PAYOUT_API_PASSWORD", "PAYOUT_API_CLIENT_SECRET", "FILES_AZURE_SAS_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS",
        "KAFKA_CLIENT_SASL_PASSWORD", "KAFKA_CLIENT_SSL_KEY_PEM", "KAFKA_CLIENT_SASL_OAUTHBEARER_CLIENT_SECRET",
    ])
    func secretInAnArgumentIsRefusedWithAlternatives(name: String) throws {
        let error = #expect(throws: ValidationError.self) {
            try CommonOptions.parse(["--set", "\(name)=hunter2"]).settings()
        }
        let message = try #require(error?.message)
        #expect(message.contains("\(name)_FILE") && message.contains("environment"))
        #expect(!message.contains("hunter2"))
        let file = try TemporaryFile("hunter2")
        let named = try CommonOptions.parse(["--set", "\(name)_FILE=\(file.path)"]).settings()
        let value =
            name.hasPrefix("KAFKA_CLIENT_")
            ? try named.clientProperties()[name.dropFirst(13).lowercased().replacing("_", with: ".")]
            : try named.value(name)
        #expect(value?.text == "hunter2")
        withExtendedLifetime(file) {}
    }

    @Test(arguments: ["KAFKA_CLIENT_SSL_KEY_LOCATION", "KAFKA_CLIENT_SOCKET_KEEPALIVE_ENABLE", "PAYOUT_API_USERNAME"])
    func variableWithoutASecretIsAcceptedAsAnArgument(name: String) throws {
        _ = try CommonOptions.parse(["--set", "\(name)=x"]).settings()
    }

    @Test func filterIsBuiltFromFlags() throws {
        let selection = { (arguments: [String], kind: PayoutKind) in
            let options = try SelectionOptions.parse(arguments)
            let period = try options.period(before: .today)
            return try SelectedFilter(options, kind: kind, period: period, isChecked: true).text
        }
        let flags = ["--from", "2026-01-01", "--to", "2026-04-01", "--participant", "4711"]
        #expect(
            try selection(flags, .payments)
                == "payoutStatusUpdateTS ge 2026-01-01 and payoutStatusUpdateTS lt 2026-04-01 and enrollmentParticipantId eq '4711'"
        )
        #expect(try selection(flags, .transactionHistory)?.hasPrefix("earningForDate ge 2026-01-01") == true)
        #expect(try selection([], .payments) == nil)
    }
}
