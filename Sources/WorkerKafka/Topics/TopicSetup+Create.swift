public import KafkaClient
import WorkerRuntime

extension TopicSetup {
    /// Creates what is missing and gives the state topic as many partitions as the jobs topic has.
    /// Topics that exist keep their settings and never lose partitions, so it can be repeated.
    ///
    /// - Returns: what was done with each topic; some may have failed.
    /// - Throws: `KafkaError` when the cluster does not answer.
    public func create(_ plan: TopicPlan) async throws(KafkaError) -> [TopicChange] {
        var changes: [TopicChange] = []
        let known = await knownBefore()
        // The jobs topic first: the state topic follows its number of partitions, not the plan's.
        let jobs = try await admin.topic(topics.jobs, timeout: timeout)
        let partitions = jobs.map { Int32($0.partitions.count) } ?? plan.partitions
        for (role, name) in roles {
            let existing = role == .jobs ? jobs : try await admin.topic(name, timeout: timeout)
            if role == .state, changes.contains(where: { $0.role == .jobs && $0.outcome == .failed }) {
                changes.append(waiting(name, existing))
            } else if let existing {
                changes.append(await adjust(role, existing, to: Int(partitions), plan))
            } else {
                var change = await create(role, name, partitions, plan)
                if case .created = change.step, let known, known == role.other { change.step = .createdBeside(known) }
                changes.append(change)
            }
        }
        return changes
    }

    /// Which one of the jobs topic and the state topic holds records while the other does not exist.
    private func knownBefore() async -> TopicRole? {
        if await holdsRecords(topics.state) { return .state }
        return await holdsRecords(topics.jobs) ? .jobs : nil
    }

    /// The state topic without a jobs topic whose partitions it could follow.
    private func waiting(_ name: String, _ existing: KafkaTopicDescription?) -> TopicChange {
        TopicChange(
            role: .state,
            topic: name,
            partitions: existing?.partitions.count,
            step: .leftAlone(exists: existing != nil)
        )
    }

    private func create(_ role: TopicRole, _ name: String, _ partitions: Int32, _ plan: TopicPlan) async -> TopicChange
    {
        let specification = KafkaTopicSpecification(
            name: name,
            partitions: partitions,
            replicationFactor: plan.replicationFactor,
            configuration: plan.settings(role)
        )
        do throws(KafkaError) {
            let results = try await admin.createTopics([specification], timeout: timeout)
            switch results.first?.error {
            case nil: return TopicChange(role: role, topic: name, partitions: Int(partitions), step: .created)
            case let error? where error.code == .topicAlreadyExists:
                // Another process was faster.
                return TopicChange(role: role, topic: name, step: .existed)
            case let error?: throw error
            }
        } catch {
            return TopicChange(role: role, topic: name, step: Self.refusal(error))
        }
    }

    private func adjust(
        _ role: TopicRole,
        _ topic: KafkaTopicDescription,
        to wanted: Int,
        _ plan: TopicPlan
    ) async -> TopicChange {
        let count = topic.partitions.count
        var change = TopicChange(role: role, topic: topic.name, partitions: count, step: .existed)
        if role == .jobs, count != Int(plan.partitions) { change.step = .existedUnlikePlan }
        guard role == .state, count < wanted else { return change }
        do throws(KafkaError) {
            try await admin.addPartitions(topic: topic.name, upTo: wanted, timeout: timeout)
            change.partitions = wanted
            change.step = .extended(from: count)
        } catch {
            // Another command may have added them meanwhile, which the broker that was asked first did not know yet.
            if let now = await partitionCount(of: topic.name, reaching: wanted) {
                change.partitions = now
                change.step = .extendedByOther
                return change
            }
            change.step = Self.refusal(error)
        }
        return change
    }

    /// The number of a topic's partitions once it is at least this; `nil` when it stays below for a second, or no broker answers.
    private func partitionCount(of name: String, reaching wanted: Int) async -> Int? {
        for _ in 0..<5 {
            // A broker that does not answer is not asked again.
            guard let count = try? await admin.topic(name, timeout: timeout)?.partitions.count else { return nil }
            if count >= wanted { return count }
            guard await slept(for: .milliseconds(200)) else { return nil }
        }
        return nil
    }

    private static func refusal(_ error: KafkaError) -> TopicChange.Step {
        error.isUnsupportedByBroker ? .unsupported(error.code) : .refused(error)
    }
}

extension KafkaError {
    /// Whether the broker answers other requests and has no answer to this kind. Only valid for a
    /// cluster that has just described its topics: a request to an unreachable broker times out as well.
    var isUnsupportedByBroker: Bool { code == .timedOut || code == .unsupportedFeature || code == .unsupportedVersion }
}
