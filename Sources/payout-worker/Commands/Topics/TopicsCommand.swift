import ArgumentParser
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// `topics`: creates and checks the topics.
struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Create the four topics, check that they are suitable for a worker, or recover stopped partitions.",
        subcommands: [TopicsCreateCommand.self, TopicsCheckCommand.self, TopicsRecoverCommand.self]
    )
}

/// `topics create`
struct TopicsCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create the topics that do not exist, with the required settings.",
        discussion: """
            The command is idempotent. An existing topic keeps its settings and never loses partitions; the state topic \
            gets as many partitions as the jobs topic. The KAFKA_TOPICS_… variables set the names.

              payout-worker topics create --bootstrap-servers localhost:9092
              payout-worker topics create --partitions 12 --replication-factor 3 \\
                  --retention 14d
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Option(help: "Number of partitions of each topic, which is the maximum number of active workers.")
    var partitions: Int = 6

    @Option(help: "Number of replicas of each partition. Default: the broker's default.")
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
                Terminal.result(try JSONText.document(changes.map { ChangeDocument($0, access.topics) }))
            } else {
                for change in changes {
                    Terminal.result("\(change.topic): \(change.message(jobsTopic: access.topics.jobs))")
                }
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

        init(_ change: TopicChange, _ topics: KafkaTopicNames) {
            role = change.role.rawValue
            topic = change.topic
            outcome = change.outcome.rawValue
            partitions = change.partitions
            message = change.message(jobsTopic: topics.jobs)
        }
    }
}

/// `topics check`
struct TopicsCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check that the topics exist and are suitable for a worker.",
        discussion: """
            Reports each problem with the command that fixes it, and exits with 1 if a worker would not start. Warnings \
            are risks that do not prevent the start. 'run' makes the same check before it starts.

              payout-worker topics check --bootstrap-servers localhost:9092
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let (report, unreachable) = try await access.withAdmin { admin in
                let report = try await TopicSetup(topics: access.topics, admin: admin).check()
                return (report, try await access.unreachableBrokers(admin).map(\.problem))
            }
            if outputOptions.isJSON {
                Terminal.result(try JSONText.document(TopicReportDocument(report, unreachable)))
            } else {
                Terminal.result(Self.text(report, unreachable, fitting: tableOptions.width))
            }
            if !report.problems.isEmpty || !unreachable.isEmpty { throw ExitStatus.failed }
        }
    }

    private static func text(_ report: TopicReport, _ unreachable: [LogProblem], fitting width: Int?) -> String {
        var table = TextTable(["ROLE", "TOPIC", "PARTITIONS", "REPLICAS", "POLICY"], rightAligned: [2, 3])
        for topic in report.topics {
            table.add([
                topic.role.rawValue, topic.name, topic.partitions.map(String.init) ?? "missing",
                topic.replicationFactor.map(String.init) ?? "-", topic.settings["cleanup.policy"] ?? "-",
            ])
        }
        var lines = [table.rendered(fitting: width), ""]
        for finding in report.findings {
            lines += ["\(finding.severity.rawValue): \(finding.topic) \(finding.message).", "  \(finding.remedy)"]
        }
        for problem in unreachable { lines += ["problem: \(problem.sentence)", "  \(problem.remedy)"] }
        lines += report.skipped.map { "not checked: \($0)" }
        lines.append(
            unreachable.isEmpty ? Self.conclusion(report) : "A worker would start, but could not process jobs."
        )
        return lines.joined(separator: "\n")
    }

    private static func conclusion(_ report: TopicReport) -> String {
        if !report.obstacles.isEmpty { return "A worker would not start." }
        if !report.problems.isEmpty { return "A worker would start, but could not process all jobs." }
        return report.warnings.isEmpty
            ? "The topics are suitable for a worker." : "A worker would start; see the warnings."
    }
}

/// The result of a check in JSON output.
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

    /// A broker that is unreachable at the address that it advertises.
    struct Broker: Encodable {
        var address: String
        var message: String
        var remedy: String
    }

    var ok: Bool
    var unreachableBrokers: [Broker]
    var topics: [Topic]
    var findings: [Finding]
    var skipped: [String]

    init(_ report: TopicReport, _ unreachable: [LogProblem] = []) {
        ok = report.problems.isEmpty && unreachable.isEmpty
        unreachableBrokers = unreachable.map {
            Broker(address: $0.subject, message: $0.sentence, remedy: $0.remedy)
        }
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
