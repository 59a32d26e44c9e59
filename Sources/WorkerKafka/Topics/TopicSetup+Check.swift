import KafkaClient
import WorkerRuntime

extension TopicSetup {
    /// The command that creates what is missing.
    static let createCommand = "payout-worker topics create"
    /// The command that makes stopped partitions continue.
    static let recoverCommand = "payout-worker topics recover"
    /// A restore that takes longer than tombstones are kept brings forgotten jobs back.
    static let leastTombstoneRetention: Int64 = 3_600_000
    private static let shownSettings = [
        "cleanup.policy", "retention.ms", "max.message.bytes", "min.insync.replicas", "segment.ms",
        "min.cleanable.dirty.ratio", "delete.retention.ms",
    ]

    /// What the broker that is asked knows at present.
    func checkOnce(settings asksSettings: Bool, ends asksEnds: Bool) async throws(KafkaError) -> TopicReport {
        var report = TopicReport()
        var readsSettings = asksSettings
        for (role, name) in roles {
            var topic = TopicReport.Topic(role: role, name: name)
            guard let found = try await admin.topic(name, timeout: timeout) else {
                report.topics.append(topic)
                let (message, remedy) = await missing(role)
                report.add(.problem, role, name, message, remedy)
                continue
            }
            topic.partitions = found.partitions.count
            topic.replicationFactor = found.partitions.map(\.replicas.count).min()
            checkReplicas(found, role, &report)
            if readsSettings {
                do throws(KafkaError) {
                    // The broker has just answered, so one that knows the question answers soon.
                    let settings = try await admin.topicConfiguration(name, timeout: min(timeout, .seconds(3)))
                    topic.settings = settings.filter { Self.shownSettings.contains($0.key) }
                    checkSettings(topic, &report)
                } catch {
                    readsSettings = false
                    report.skipped.append(
                        "the topics' settings: the broker does not report them (\(error.code.name))"
                    )
                }
            }
            report.topics.append(topic)
        }
        checkPartitions(&report)
        checkMessageBytes(&report)
        if asksEnds { await checkStateStart(&report) }
        return report
    }

    /// What a missing topic means. The jobs topic and the state topic belong together: a new one beside an old one makes
    /// the workers stop until an operator has chosen where to continue.
    private func missing(_ role: TopicRole) async -> (message: String, remedy: String) {
        let recover = "\(Self.createCommand), then \(Self.recoverCommand) --all --from beginning"
        switch role {
        case .jobs where await holdsRecords(topics.state):
            return (
                "does not exist, and \(topics.state) holds what is known of its jobs: jobs that were not read yet are lost with it, and workers stop at a new one until you choose where they continue",
                recover
            )
        case .state where await holdsRecords(topics.jobs):
            return (
                "does not exist, and \(topics.jobs) holds records: if workers have run with it, jobs in flight are not known any more, and workers stop at a new one until you choose where they continue",
                recover
            )
        default: return ("does not exist", Self.createCommand)
        }
    }

    /// Whether a topic holds records, as far as the brokers say.
    func holdsRecords(_ name: String) async -> Bool {
        guard let found = try? await admin.topic(name, timeout: timeout) else { return false }
        for partition in found.partitions {
            let target = KafkaTopicPartition(topic: name, partition: partition.id)
            guard let ends = try? await admin.watermarks(target, timeout: timeout) else { continue }
            if ends.high > ends.low { return true }
        }
        return false
    }

    /// Compaction never moves the beginning of a partition: what did has deleted records.
    private func checkStateStart(_ report: inout TopicReport) async {
        guard let state = report.topics.first(where: { $0.role == .state }), let count = state.partitions,
            (try? await StateRetention(admin: admin, topic: topics.state).dropsOldRecords()) == false
        else { return }
        var cut: [Int32] = []
        for partition in 0..<Int32(count) {
            let target = KafkaTopicPartition(topic: topics.state, partition: partition)
            if let ends = try? await admin.watermarks(target, timeout: timeout), ends.low > 0 { cut.append(partition) }
        }
        guard !cut.isEmpty else { return }
        report.add(
            .warning,
            .state,
            topics.state,
            "has lost its older records in \(cut.count == 1 ? "partition" : "partitions") \(cut.map(String.init).joined(separator: ", ")), by retention or by a command; workers stop there unless it was recovered",
            "\(Self.recoverCommand) --all --from beginning --dry-run"
        )
    }

    /// Partitions are added to one topic after the other, and a partition of the jobs topic whose state is missing waits for
    /// it, so a worker starts and serves the others.
    private func checkPartitions(_ report: inout TopicReport) {
        let counts = Dictionary(report.topics.map { ($0.role, $0.partitions) }, uniquingKeysWith: { first, _ in first })
        guard let jobs = counts[.jobs] ?? nil, let state = counts[.state] ?? nil, jobs != state else { return }
        let message: String
        let remedy: String
        if state < jobs {
            message =
                "has \(state) partitions and \(topics.jobs) has \(jobs); partition n of one belongs to partition n of the other"
            remedy = Self.createCommand
        } else {
            message =
                "has \(state) partitions and \(topics.jobs) only \(jobs); both must have the same number, and none can be taken away"
            remedy =
                "kafka-topics.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --topic \(topics.jobs) --partitions \(state)"
        }
        report.findings.append(
            TopicFinding(
                severity: .problem,
                role: .state,
                topic: topics.state,
                message: message,
                remedy: remedy,
                isPartial: true
            )
        )
    }

    private func checkReplicas(_ topic: KafkaTopicDescription, _ role: TopicRole, _ report: inout TopicReport) {
        let leaderless = topic.partitions.filter { $0.leader == nil }.map(\.id)
        if !leaderless.isEmpty {
            report.add(
                .warning,
                role,
                topic.name,
                "no broker leads partition \(leaderless.map(String.init).joined(separator: ", ")) at present",
                "kafka-topics.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --describe --unavailable-partitions"
            )
        }
        if let behind = topic.partitions.first(where: { $0.inSyncReplicas.count < $0.replicas.count }) {
            report.add(
                .warning,
                role,
                topic.name,
                "partition \(behind.id) has \(behind.inSyncReplicas.count) of \(behind.replicas.count) copies in sync",
                "kafka-topics.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --describe --under-replicated-partitions"
            )
        }
    }

    func checkSettings(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        let policies = (topic.settings["cleanup.policy"] ?? "").split(separator: ",").map {
            $0.filter { !$0.isWhitespace }
        }
        switch topic.role {
        case .state:
            checkTombstones(topic, &report)
            guard !policies.isEmpty, !policies.contains("compact") || policies.contains("delete") else { break }
            let consequence =
                policies.contains("delete")
                ? "jobs that wait long would be forgotten with their records" : "it would grow without end"
            report.add(
                .problem,
                .state,
                topic.name,
                "has cleanup.policy=\(policies.joined(separator: ",")) and must have compact alone: \(consequence)",
                alter(topic.name, "cleanup.policy=compact")
            )
        case .jobs, .results, .deadLetter:
            guard policies.contains("compact") else { break }
            report.add(
                .warning,
                topic.role,
                topic.name,
                "has cleanup.policy=\(policies.joined(separator: ",")); older records of a job id are removed",
                alter(topic.name, "cleanup.policy=delete")
            )
        }
        checkInSync(topic, &report)
    }

    private func checkTombstones(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        guard let kept = topic.settings["delete.retention.ms"].flatMap(Int64.init),
            kept < Self.leastTombstoneRetention
        else { return }
        report.add(
            .warning,
            .state,
            topic.name,
            "has delete.retention.ms=\(kept), less than an hour: a restore that takes longer would bring forgotten jobs back, so it is repeated, and the partition stops when it never takes less",
            alter(topic.name, "delete.retention.ms=86400000")
        )
    }

    private func checkInSync(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        guard let copies = topic.replicationFactor,
            let minimum = topic.settings["min.insync.replicas"].flatMap(Int.init)
        else { return }
        if copies > 1, minimum >= copies {
            report.add(
                .warning,
                topic.role,
                topic.name,
                "has \(copies) copies and min.insync.replicas=\(minimum): it cannot be written while one broker is unavailable",
                alter(topic.name, "min.insync.replicas=\(copies - 1)")
            )
        } else if copies >= 3, minimum < 2 {
            report.add(
                .warning,
                topic.role,
                topic.name,
                "has \(copies) copies and min.insync.replicas=\(minimum): what one broker alone acknowledged can be lost with it",
                alter(topic.name, "min.insync.replicas=2")
            )
        }
    }

    private func checkMessageBytes(_ report: inout TopicReport) {
        func limit(_ role: TopicRole) -> Int? {
            report.topics.first { $0.role == role }?.settings["max.message.bytes"].flatMap(Int.init)
        }
        if let state = limit(.state), state < LargestOutputs.state {
            report.add(
                .warning,
                .state,
                topics.state,
                "takes records of \(state) bytes; the record of a job can have \(LargestOutputs.state), and a job with a larger one ends as tooLarge",
                alter(topics.state, "max.message.bytes=\(OutputLimits.kafkaDefault)")
            )
        }
        if let results = limit(.results), results < LargestOutputs.event {
            report.add(
                .warning,
                .results,
                topics.results,
                "takes records of \(results) bytes; an event can have \(LargestOutputs.event), and a larger one loses its metadata or ends its job as tooLarge",
                alter(topics.results, "max.message.bytes=\(OutputLimits.kafkaDefault)")
            )
        }
        guard let jobs = limit(.jobs), let letters = limit(.deadLetter), letters <= jobs else { return }
        report.add(
            .warning,
            .deadLetter,
            topics.deadLetter,
            "takes records of \(letters) bytes and \(topics.jobs) of \(jobs); a dead letter is its record and headers beside it",
            alter(topics.deadLetter, "max.message.bytes=\(max(TopicPlan.deadLetterMaxBytes, 2 * jobs))")
        )
    }

    private func alter(_ topic: String, _ setting: String) -> String {
        "kafka-configs.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --entity-type topics --entity-name \(topic) --add-config \(setting)"
    }
}

extension TopicReport {
    fileprivate mutating func add(
        _ severity: TopicFinding.Severity,
        _ role: TopicRole,
        _ topic: String,
        _ message: String,
        _ remedy: String
    ) {
        findings.append(
            TopicFinding(severity: severity, role: role, topic: topic, message: message, remedy: remedy)
        )
    }
}
