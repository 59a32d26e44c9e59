import KafkaClient
import WorkerRuntime

extension TopicSetup {
    /// How long a state topic keeps tombstones at least, in milliseconds: a restore that takes longer than they are kept
    /// brings forgotten jobs back.
    public static let leastTombstoneRetention: Int64 = 3_600_000
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
                report.add(role, name, await missing(role))
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
                    report.unreportedSettings = error.code
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
    private func missing(_ role: TopicRole) async -> TopicFinding.Fault {
        switch role {
        case .jobs where await holdsRecords(topics.state): .missingBeside(topics.state)
        case .state where await holdsRecords(topics.jobs): .missingBeside(topics.jobs)
        default: .missing
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
        if !cut.isEmpty { report.add(.state, topics.state, .truncated(cut)) }
    }

    /// Partitions are added to one topic after the other, and a partition of the jobs topic whose state is missing waits for
    /// it, so a worker starts and serves the others.
    private func checkPartitions(_ report: inout TopicReport) {
        let counts = Dictionary(report.topics.map { ($0.role, $0.partitions) }, uniquingKeysWith: { first, _ in first })
        guard let jobs = counts[.jobs] ?? nil, let state = counts[.state] ?? nil, jobs != state else { return }
        report.add(.state, topics.state, .partitions(state, jobsTopic: topics.jobs, jobs: jobs))
    }

    private func checkReplicas(_ topic: KafkaTopicDescription, _ role: TopicRole, _ report: inout TopicReport) {
        let leaderless = topic.partitions.filter { $0.leader == nil }.map(\.id)
        if !leaderless.isEmpty { report.add(role, topic.name, .leaderless(leaderless)) }
        if let behind = topic.partitions.first(where: { $0.inSyncReplicas.count < $0.replicas.count }) {
            let (inSync, copies) = (behind.inSyncReplicas.count, behind.replicas.count)
            report.add(role, topic.name, .copiesBehind(partition: behind.id, inSync: inSync, copies: copies))
        }
    }

    func checkSettings(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        let policies = (topic.settings["cleanup.policy"] ?? "").split(separator: ",").map {
            $0.filter { !$0.isWhitespace }
        }
        let isUnsuitable: Bool
        switch topic.role {
        case .state:
            checkTombstones(topic, &report)
            isUnsuitable = !policies.isEmpty && policies != ["compact"]
        case .jobs, .results, .deadLetter: isUnsuitable = policies.contains("compact")
        }
        if isUnsuitable { report.add(topic.role, topic.name, .cleanup(policies)) }
        checkInSync(topic, &report)
    }

    private func checkTombstones(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        guard let kept = topic.settings["delete.retention.ms"].flatMap(Int64.init),
            kept < Self.leastTombstoneRetention
        else { return }
        report.add(.state, topic.name, .tombstoneRetention(kept))
    }

    private func checkInSync(_ topic: TopicReport.Topic, _ report: inout TopicReport) {
        guard let copies = topic.replicationFactor,
            let minimum = topic.settings["min.insync.replicas"].flatMap(Int.init),
            copies > 1 && minimum >= copies || copies >= 3 && minimum < 2
        else { return }
        report.add(topic.role, topic.name, .inSyncReplicas(minimum: minimum, copies: copies))
    }

    private func checkMessageBytes(_ report: inout TopicReport) {
        func limit(_ role: TopicRole) -> Int? {
            report.topics.first { $0.role == role }?.settings["max.message.bytes"].flatMap(Int.init)
        }
        if let state = limit(.state), state < LargestOutputs.state {
            report.add(.state, topics.state, .recordBytes(limit: state, largest: LargestOutputs.state))
        }
        if let results = limit(.results), results < LargestOutputs.event {
            report.add(.results, topics.results, .recordBytes(limit: results, largest: LargestOutputs.event))
        }
        guard let jobs = limit(.jobs), let letters = limit(.deadLetter), letters <= jobs else { return }
        let fault = TopicFinding.Fault.deadLetterBytes(limit: letters, jobsTopic: topics.jobs, jobs: jobs)
        report.add(.deadLetter, topics.deadLetter, fault)
    }
}

extension TopicReport {
    fileprivate mutating func add(_ role: TopicRole, _ topic: String, _ fault: TopicFinding.Fault) {
        findings.append(TopicFinding(role: role, topic: topic, fault: fault))
    }
}
