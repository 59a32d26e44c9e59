public import KafkaClient

/// What became of one topic.
public struct TopicChange: Sendable {
    /// What was done.
    public enum Outcome: String, Sendable, Hashable {
        /// It did not exist.
        case created
        /// It existed with fewer partitions than it needs.
        case partitionsAdded
        /// It existed; nothing was changed.
        case unchanged
        /// It could not be done.
        case failed
    }

    /// What the topic is for.
    public var role: TopicRole
    /// The topic's name.
    public var topic: String
    /// What was done.
    public var outcome: Outcome
    /// The number of partitions afterwards, where it is known.
    public var partitions: Int?
    /// What was done, in words, and what was not.
    public var message: String
}

extension TopicSetup {
    /// Creates what is missing and gives the state topic as many partitions as the jobs topic has.
    /// Topics that exist keep their settings and never lose partitions; doing it again changes nothing.
    ///
    /// - Returns: what became of each topic; some may have failed.
    /// - Throws: `KafkaError` when the cluster cannot be asked.
    public func create(_ plan: TopicPlan) async throws(KafkaError) -> [TopicChange] {
        var changes: [TopicChange] = []
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
                changes.append(await create(role, name, partitions, plan))
            }
        }
        return changes
    }

    /// The state topic without a jobs topic whose partitions it could follow.
    private func waiting(_ name: String, _ existing: KafkaTopicDescription?) -> TopicChange {
        TopicChange(
            role: .state,
            topic: name,
            outcome: existing == nil ? .failed : .unchanged,
            partitions: existing?.partitions.count,
            message: "left alone: it gets as many partitions as \(topics.jobs), which could not be created"
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
            case nil:
                return TopicChange(
                    role: role,
                    topic: name,
                    outcome: .created,
                    partitions: Int(partitions),
                    message: "created with \(partitions) partitions"
                )
            case let error? where error.code == .topicAlreadyExists:
                // Somebody else was quicker.
                return TopicChange(role: role, topic: name, outcome: .unchanged, message: "exists")
            case let error?: throw error
            }
        } catch {
            return TopicChange(role: role, topic: name, outcome: .failed, message: Self.failure(error))
        }
    }

    private func adjust(
        _ role: TopicRole,
        _ topic: KafkaTopicDescription,
        to wanted: Int,
        _ plan: TopicPlan
    ) async -> TopicChange {
        let count = topic.partitions.count
        var change = TopicChange(
            role: role,
            topic: topic.name,
            outcome: .unchanged,
            partitions: count,
            message: "exists with \(count) partitions"
        )
        if role == .jobs, count != Int(plan.partitions) {
            change.message +=
                ", left as it is: another number of partitions would send the ids of known jobs elsewhere"
        }
        guard role == .state, count < wanted else { return change }
        do throws(KafkaError) {
            try await admin.addPartitions(topic: topic.name, upTo: wanted, timeout: timeout)
            change.outcome = .partitionsAdded
            change.partitions = wanted
            change.message = "had \(count) partitions, has \(wanted) now, as many as \(topics.jobs)"
        } catch {
            change.outcome = .failed
            change.message = Self.failure(error)
        }
        return change
    }

    private static func failure(_ error: KafkaError) -> String {
        guard !error.isUnsupportedByBroker else {
            return
                "this broker does not create topics on request (\(error.code.name)); create it by the broker's own means"
        }
        return error.description
    }
}

extension KafkaError {
    /// Whether the broker answers other requests and has no answer to this kind. Only to be asked about a
    /// cluster that has just told of its topics: a broker that cannot be reached runs out of time as well.
    var isUnsupportedByBroker: Bool { code == .timedOut || code == .unsupportedFeature || code == .unsupportedVersion }
}

extension KafkaErrorCode {
    /// librdkafka: the broker does not know this request.
    static let unsupportedFeature = KafkaErrorCode(rawValue: -165)
    /// Broker: not this version of the request.
    static let unsupportedVersion = KafkaErrorCode(rawValue: 35)
}
