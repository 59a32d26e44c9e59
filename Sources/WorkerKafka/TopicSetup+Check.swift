public import KafkaClient

extension TopicSetup {
    /// The command that creates what is missing.
    static let createCommand = "payout-worker topics create"
    private static let shownSettings = [
        "cleanup.policy", "retention.ms", "max.message.bytes", "min.insync.replicas", "segment.ms",
        "min.cleanable.dirty.ratio",
    ]

    /// Looks at the four topics. What the broker does not tell is skipped by name.
    ///
    /// - Parameter settings: whether to ask for the topics' settings; a broker that does not know the question costs
    ///   seconds.
    /// - Throws: `KafkaError` when the cluster cannot be asked.
    public func check(settings asksSettings: Bool = true) async throws(KafkaError) -> TopicReport {
        var report = TopicReport()
        var tellsSettings = asksSettings
        for (role, name) in roles {
            var topic = TopicReport.Topic(role: role, name: name)
            guard let found = try await admin.topic(name, timeout: timeout) else {
                report.topics.append(topic)
                report.add(.problem, role, name, "does not exist", Self.createCommand)
                continue
            }
            topic.partitions = found.partitions.count
            topic.replicationFactor = found.partitions.map(\.replicas.count).min()
            checkReplicas(found, role, &report)
            if tellsSettings {
                do throws(KafkaError) {
                    // The broker has just answered, so one that knows the question answers soon.
                    let settings = try await admin.topicConfiguration(name, timeout: min(timeout, .seconds(3)))
                    topic.settings = settings.compactMapValues(\.value).filter { Self.shownSettings.contains($0.key) }
                    checkSettings(topic, &report)
                } catch {
                    tellsSettings = false
                    report.skipped.append(
                        "the topics' settings: the broker does not tell them (\(error.code.name))"
                    )
                }
            }
            report.topics.append(topic)
        }
        checkPartitions(&report)
        checkMessageBytes(&report)
        return report
    }

    private func checkPartitions(_ report: inout TopicReport) {
        let counts = Dictionary(report.topics.map { ($0.role, $0.partitions) }, uniquingKeysWith: { first, _ in first })
        guard let jobs = counts[.jobs] ?? nil, let state = counts[.state] ?? nil, jobs != state else { return }
        if state < jobs {
            report.add(
                .problem,
                .state,
                topics.state,
                "has \(state) partitions and \(topics.jobs) has \(jobs); partition n of one belongs to partition n of the other",
                Self.createCommand
            )
        } else {
            report.add(
                .problem,
                .state,
                topics.state,
                "has \(state) partitions and \(topics.jobs) only \(jobs); both must have the same number, and none can be taken away",
                "kafka-topics.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --topic \(topics.jobs) --partitions \(state)"
            )
        }
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

    private func checkSettings(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        let policies = (topic.settings["cleanup.policy"] ?? "").split(separator: ",").map {
            $0.filter { !$0.isWhitespace }
        }
        switch topic.role {
        case .state:
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

    private func checkInSync(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        guard let copies = topic.replicationFactor,
            let minimum = topic.settings["min.insync.replicas"].flatMap(Int.init)
        else { return }
        if copies > 1, minimum >= copies {
            report.add(
                .warning,
                topic.role,
                topic.name,
                "has \(copies) copies and min.insync.replicas=\(minimum): it cannot be written while one broker is away",
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
