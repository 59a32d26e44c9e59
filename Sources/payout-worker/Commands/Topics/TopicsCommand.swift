import ArgumentParser
import WorkerKafka

/// `topics`: creates and checks the topics.
struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Create the four topics, or check that they are fit for a worker.",
        subcommands: [TopicsCreateCommand.self, TopicsCheckCommand.self]
    )
}

/// `topics create`
struct TopicsCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create the topics that do not exist, each with the settings that it needs.",
        discussion: """
            Doing it again changes nothing. A topic that exists keeps its settings and never loses partitions; the \
            state topic gets more of them when the jobs topic has more. The names are those of the KAFKA_TOPICS_… \
            variables.

              payout-worker topics create --bootstrap-servers localhost:9092
              payout-worker topics create --partitions 12 --replication-factor 3 --retention 14d
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Option(help: "Partitions of each topic: the most workers that can share the work.")
    var partitions: Int = 6

    @Option(help: "Copies of each partition; the broker's default unless given.")
    var replicationFactor: Int?

    @Option(help: ArgumentHelp("How long jobs and completion events are kept.", valueName: "duration"))
    var retention: String = "7d"

    @Option(help: ArgumentHelp("How long dead letters are kept.", valueName: "duration"))
    var deadLetterRetention: String = "30d"

    func validate() throws {
        guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions must be from 1 to 10000.") }
        if let replicationFactor, !(1...100).contains(replicationFactor) {
            throw ValidationError("--replication-factor must be from 1 to 100.")
        }
        _ = try plan()
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let plan = try plan()
            let changes = try await access.withAdmin { admin in
                try await TopicSetup(topics: access.topics, admin: admin).create(plan)
            }
            if outputOptions.isJSON {
                Terminal.result(try JSONText.document(changes.map(ChangeDocument.init)))
            } else {
                for change in changes { Terminal.result("\(change.topic): \(change.message)") }
            }
            if changes.contains(where: { $0.outcome == .failed }) { throw ExitStatus.failed }
        }
    }

    private func plan() throws -> TopicPlan {
        var plan = TopicPlan()
        plan.partitions = Int32(partitions)
        plan.replicationFactor = replicationFactor.map(Int32.init)
        plan.retention = try DurationArgument.parse(retention, "--retention")
        plan.deadLetterRetention = try DurationArgument.parse(deadLetterRetention, "--dead-letter-retention")
        return plan
    }

    private struct ChangeDocument: Encodable {
        var role: String
        var topic: String
        var outcome: String
        var partitions: Int?
        var message: String

        init(_ change: TopicChange) {
            role = change.role.rawValue
            topic = change.topic
            outcome = change.outcome.rawValue
            partitions = change.partitions
            message = change.message
        }
    }
}

/// `topics check`
struct TopicsCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check that the topics exist and are fit for a worker.",
        discussion: """
            Names each problem with the command that mends it, and exits with 1 when a worker would not start. \
            Warnings are risks that a worker runs with. 'run' makes the same check before it starts.

              payout-worker topics check --bootstrap-servers localhost:9092
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let report = try await access.withAdmin { admin in
                try await TopicSetup(topics: access.topics, admin: admin).check()
            }
            if outputOptions.isJSON {
                Terminal.result(try JSONText.document(TopicReportDocument(report)))
            } else {
                Terminal.result(Self.text(report))
            }
            if !report.problems.isEmpty { throw ExitStatus.failed }
        }
    }

    static func text(_ report: TopicReport) -> String {
        var table = TextTable(["ROLE", "TOPIC", "PARTITIONS", "COPIES", "POLICY"], rightAligned: [2, 3])
        for topic in report.topics {
            table.add([
                topic.role.rawValue, topic.name, topic.partitions.map(String.init) ?? "missing",
                topic.replicationFactor.map(String.init) ?? "-", topic.settings["cleanup.policy"] ?? "-",
            ])
        }
        var lines = [table.rendered, ""]
        for finding in report.findings {
            lines += ["\(finding.severity.rawValue): \(finding.topic) \(finding.message).", "  \(finding.remedy)"]
        }
        lines += report.skipped.map { "not checked: \($0)" }
        lines.append(Self.verdict(report))
        return lines.joined(separator: "\n")
    }

    private static func verdict(_ report: TopicReport) -> String {
        if !report.problems.isEmpty { return "A worker would not start." }
        return report.warnings.isEmpty
            ? "The topics are fit for a worker." : "A worker would start; see the warnings."
    }
}

/// A check's result for machines.
struct TopicReportDocument: Encodable {
    struct Topic: Encodable {
        var role: String
        var topic: String
        var partitions: Int?
        var replicationFactor: Int?
        var settings: [String: String]
    }

    struct Finding: Encodable {
        var severity: String
        var role: String
        var topic: String
        var message: String
        var remedy: String
    }

    var ok: Bool
    var topics: [Topic]
    var findings: [Finding]
    var skipped: [String]

    init(_ report: TopicReport) {
        ok = report.problems.isEmpty
        topics = report.topics.map {
            Topic(
                role: $0.role.rawValue,
                topic: $0.name,
                partitions: $0.partitions,
                replicationFactor: $0.replicationFactor,
                settings: $0.settings
            )
        }
        findings = report.findings.map {
            Finding(
                severity: $0.severity.rawValue,
                role: $0.role.rawValue,
                topic: $0.topic,
                message: $0.message,
                remedy: $0.remedy
            )
        }
        skipped = report.skipped
    }
}
