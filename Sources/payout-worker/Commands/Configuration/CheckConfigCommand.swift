import ArgumentParser
import PayoutAPI

/// `check-config`: explains the configuration.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Explain every configuration value and where it came from, and say what is wrong.",
        discussion: """
            Secrets are masked. Every problem is listed; the exit status is 78 when there is one. --connect also \
            tries the broker, the topics, the sign-in and the API of each account (with a look at an export that \
            does not exist), and the file store; the exit status is 1 when one of them fails.

              payout-worker check-config
              payout-worker check-config --config worker.yaml --connect
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Flag(help: "Try everything that the configuration names.")
    var connect = false

    func run() async throws {
        try await reportingErrors {
            let settings = try options.settings()
            var problems: [String] = []
            let values = ExplainedValue.all(settings, &problems)
            var configuration: WorkerConfiguration?
            do {
                configuration = try WorkerConfiguration(settings)
            } catch let error as ConfigurationError {
                problems += error.problems.filter { !problems.contains($0) }
            }
            do {
                _ = try LogSetup.makeLogger(settings)
            } catch let error as ConfigurationError {
                problems += error.problems
            }
            if let configuration { problems += Self.problems(of: configuration, settings) }
            var findings: [ConnectionFinding] = []
            if connect, let configuration, problems.isEmpty {
                findings = await ConnectionCheck(configuration, logger: try LogSetup.makeToolLogger(settings)).run()
            }
            try tell(values, problems, findings)
            if !problems.isEmpty { throw ExitStatus.wrongConfiguration }
            if findings.contains(where: { $0.outcome == .failed }) { throw ExitStatus.failed }
        }
    }

    /// What only shows when the parts are made.
    private static func problems(of configuration: WorkerConfiguration, _ settings: Settings) -> [String] {
        do {
            let service = try Service(
                configuration.accounts,
                files: configuration.files,
                downloads: 1,
                retryPolicy: .none,
                logger: try LogSetup.makeToolLogger(settings)
            )
            Task { await service.shutdown() }
            return []
        } catch let error as ConfigurationError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }

    private struct Document: Encodable {
        var ok: Bool
        var values: [ExplainedValue]
        var problems: [String]
        var connections: [ConnectionFinding]
    }

    private func tell(
        _ values: [ExplainedValue],
        _ problems: [String],
        _ findings: [ConnectionFinding]
    ) throws {
        guard !outputOptions.isJSON else {
            let isGood = problems.isEmpty && !findings.contains { $0.outcome == .failed }
            return Terminal.result(
                try JSONText.document(Document(ok: isGood, values: values, problems: problems, connections: findings))
            )
        }
        var table = TextTable(["VARIABLE", "VALUE", "FROM", "MEANING"])
        for value in values {
            let name = value.account.map { "\(value.name) (\($0))" } ?? value.name
            table.add([name, value.value ?? "-", value.source ?? "not set", value.meaning])
        }
        Terminal.result(table.rendered)
        if !findings.isEmpty { Terminal.result("") }
        for finding in findings {
            Terminal.result("\(finding.outcome.rawValue): \(finding.what): \(TextTable.printable(finding.message))")
            if let remedy = finding.remedy { Terminal.result("  \(TextTable.printable(remedy))") }
        }
        if problems.isEmpty {
            Terminal.note(
                connect ? "The configuration is complete." : "The configuration is complete; --connect tries it."
            )
        }
        for problem in problems { Terminal.error(problem) }
    }
}

/// A value, explained.
struct ExplainedValue: Encodable, Equatable {
    var name: String
    /// The entry of `accounts` that says it; `nil` for all.
    var account: String?
    /// Masked where it is a secret.
    var value: String?
    /// Where it came from; `nil` when it is not set.
    var source: String?
    var meaning: String

    static let mask = "********"

    /// Every variable, and what the accounts say for themselves.
    static func all(_ settings: Settings, _ problems: inout [String]) -> [ExplainedValue] {
        var values: [ExplainedValue] = []
        var reader = SettingReader(settings)
        for definition in SettingDefinition.all {
            let common = reader.value(definition.name)
            values.append(ExplainedValue(definition, common, account: nil))
            guard SettingDefinition.perAccount.contains(definition.name) else { continue }
            for account in settings.accountNames {
                guard let own = reader.value(definition.name, account: account),
                    own.text != common?.text || own.source != common?.source
                else { continue }
                values.append(ExplainedValue(definition, own, account: account))
            }
        }
        do {
            for (property, value) in try settings.clientProperties().sorted(by: { $0.key < $1.key }) {
                let name = Settings.clientPrefix + property.uppercased().replacing(".", with: "_")
                values.append(
                    ExplainedValue(
                        name: name,
                        account: nil,
                        value: harmless(property) ? value.text : mask,
                        source: value.source.rawValue,
                        meaning: "librdkafka's \(property)"
                    )
                )
            }
        } catch {
            reader.problems.append("\(error)")
        }
        problems += reader.problems.filter { !problems.contains($0) }
        return values
    }

    private init(_ definition: SettingDefinition, _ found: SettingValue?, account: String?) {
        self.init(
            name: definition.name,
            account: account,
            value: found.map { definition.isSecret && !$0.text.isEmpty ? Self.mask : $0.text },
            source: found?.source.rawValue,
            meaning: definition.help
        )
    }

    private init(name: String, account: String?, value: String?, source: String?, meaning: String) {
        self.name = name
        self.account = account
        self.value = value
        self.source = source
        self.meaning = meaning
    }

    /// Any librdkafka property may hold a secret; shown are those that are known not to.
    private static func harmless(_ property: String) -> Bool {
        let secret = ["password", "secret", "token", "jaas", "sasl.oauthbearer.config", "pem", "key"]
        return !secret.contains { property.contains($0) }
    }
}
