import ArgumentParser
import PayoutAPI

/// `check-config`: lists and checks the configuration.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "List every configuration value with its source, and check the configuration.",
        discussion: """
            Masks secrets and lists all problems; the exit status is 78 if there are any. With --connect it also tries \
            the broker, the topics, the sign-in and the API of each account (by requesting an export that does not \
            exist), and the file store; the exit status is 1 if one of them fails.

              payout-worker check-config
              payout-worker check-config --config worker.yaml --connect
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    @Flag(help: "Try the broker, the topics, the sign-in, the API and the file store.")
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
            if let configuration { problems += await Self.problems(of: configuration, settings) }
            var findings: [ConnectionFinding] = []
            if !connect, let configuration {
                for account in configuration.accounts { findings += await SignInCheck.settings(of: account) }
            }
            if connect, let configuration, problems.isEmpty {
                findings = await ConnectionCheck(configuration, logger: try LogSetup.makeToolLogger(settings)).run()
            }
            try report(values, problems, findings)
            if !problems.isEmpty { throw ExitStatus.invalidConfiguration }
            // Without --connect nothing was tried, because paths may belong to another machine.
            if connect, findings.contains(where: { $0.outcome == .failed }) { throw ExitStatus.failed }
        }
    }

    /// Problems that are found only when the clients are created.
    private static func problems(of configuration: WorkerConfiguration, _ settings: Settings) async -> [String] {
        do {
            let service = try await PayoutService(
                configuration.accounts,
                files: configuration.files,
                network: configuration.network,
                downloads: 1,
                retryPolicy: .none,
                logger: try LogSetup.makeToolLogger(settings)
            )
            await service.shutdown()
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

    private func report(
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
        var table = TextTable(["VARIABLE", "VALUE", "FROM", "MEANING"], optional: [3])
        for value in values {
            let name = value.account.map { "\(value.name) (\($0))" } ?? value.name
            table.add([name, value.value ?? "-", value.source ?? "not set", value.meaning])
        }
        Terminal.result(table.rendered(fitting: tableOptions.width))
        if !findings.isEmpty { Terminal.result("") }
        for finding in findings {
            Terminal.result("\(finding.outcome.rawValue): \(finding.what): \(TextTable.printable(finding.message))")
            if let remedy = finding.remedy { Terminal.result("  \(TextTable.printable(remedy))") }
        }
        for problem in problems { Terminal.error(problem) }
        guard problems.isEmpty else { return }
        let failures = findings.count { $0.outcome == .failed }
        Terminal.note(
            failures > 0
                ? "The configuration is valid, but \(Formatting.count(failures, "check")) failed."
                : "The configuration is valid.\(connect ? "" : " Use --connect to try it.")"
        )
    }
}

/// A value with its source and meaning.
struct ExplainedValue: Encodable, Equatable {
    var name: String
    /// The entry of `accounts` that contains it; `nil` for the common value.
    var account: String?
    /// Masked if it is a secret.
    var value: String?
    /// Where it comes from; `nil` if it is not set.
    var source: String?
    var meaning: String

    static let mask = "********"

    /// Every variable, and the accounts' own values.
    static func all(_ settings: Settings, _ problems: inout [String]) -> [ExplainedValue] {
        var values: [ExplainedValue] = []
        var reader = SettingReader(settings)
        for definition in SettingDefinition.all {
            func read(_ account: String?) -> SettingValue? {
                definition.name == "PAYOUT_API_REFRESH_TOKEN"
                    ? reader.refreshToken(account: account) : reader.value(definition.name, account: account)
            }
            let common = read(nil)
            values.append(ExplainedValue(definition, common, account: nil))
            guard SettingDefinition.perAccount.contains(definition.name) else { continue }
            for account in settings.accountNames {
                guard let own = read(account),
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
                        value: isHarmless(property) ? value.text : mask,
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
            meaning: definition.meaning
        )
    }

    private init(name: String, account: String?, value: String?, source: String?, meaning: String) {
        self.name = name
        self.account = account
        self.value = value
        self.source = source
        self.meaning = meaning
    }

    /// Whether a librdkafka property is known not to contain a secret. Others are masked.
    private static func isHarmless(_ property: String) -> Bool {
        let secret = ["password", "secret", "token", "jaas", "sasl.oauthbearer.config", "pem", "key"]
        return !secret.contains { property.contains($0) }
    }
}
