import CRDKafka
import Foundation

/// A consumer group in a list.
public struct KafkaGroupListing: Sendable, Hashable {
    /// The group's id.
    public var groupID: String
    /// Its state, such as `Stable` or `Empty`.
    public var state: String
}

/// A consumer group with its members.
public struct KafkaGroupDescription: Sendable, Hashable {
    /// One member.
    public struct Member: Sendable, Hashable {
        /// The id that the group gave it.
        public var memberID: String
        /// The member's `client.id`.
        public var clientID: String
        /// Its address as the broker sees it.
        public var host: String
        /// What it is assigned.
        public var partitions: [KafkaTopicPartition]
    }

    /// The group's id.
    public var groupID: String
    /// Its state, such as `Stable`, `Empty` or `Dead`; `Dead` also stands for a group that does not exist.
    public var state: String
    /// How partitions are spread, such as `cooperative-sticky`.
    public var assignor: String
    /// The members that are there now.
    public var members: [Member]
}

/// How far a group is behind in one partition.
public struct KafkaPartitionLag: Sendable, Hashable {
    /// The partition.
    public var topicPartition: KafkaTopicPartition
    /// The group's committed offset; `nil` when it has none.
    public var committed: Int64?
    /// The partition's ends.
    public var watermarks: KafkaWatermarks

    /// Offsets between the committed one, or the partition's beginning when there is none, and the end. Transaction
    /// markers count too, so it may be a little above the number of records.
    public var lag: Int64 { max(watermarks.high - max(committed ?? 0, watermarks.low), 0) }
}

// Not by librdkafka's newer requests to a group's coordinator: up to its present version a coordinator that cannot be
// asked, because it has just gone or does not know the question, ends the whole process with a failed assertion. The
// older calls ask every broker, which costs a little more and ends nothing.

extension KafkaAdmin {
    /// The consumer groups of all brokers, by id.
    /// - Throws: ``KafkaError`` also when one of the brokers does not answer.
    public func groups(timeout: Duration = .seconds(10)) async throws(KafkaError) -> [KafkaGroupListing] {
        try await blocking("list groups") { (client) throws(KafkaError) in
            try Self.list(client, nil, timeout, "list groups") { groups in
                groups.map { KafkaGroupListing(groupID: string($0.group), state: string($0.state)) }
                    .sorted { $0.groupID < $1.groupID }
            }
        }
    }

    /// A consumer group and its members.
    /// - Throws: ``KafkaError`` also when no answer has come from any broker that has the group, while another did not
    ///   answer.
    public func group(
        _ groupID: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaGroupDescription {
        let operation = "describe group"
        return try await blocking(operation) { (client) throws(KafkaError) in
            let found = try Self.list(client, groupID, timeout, operation) { groups in
                groups.first { string($0.group) == groupID }.map { ($0.err, Self.description($0)) }
            }
            guard let (code, description) = found else {
                return KafkaGroupDescription(groupID: groupID, state: "Dead", assignor: "", members: [])
            }
            try KafkaError.check(code, operation)
            return description
        }
    }

    /// Asks all brokers for their groups, again while what fails may pass, and reads what they say while librdkafka still owns it.
    private static func list<R>(
        _ client: OpaquePointer,
        _ groupID: String?,
        _ timeout: Duration,
        _ operation: String,
        _ body: (UnsafeBufferPointer<rd_kafka_group_info>) -> R
    ) throws(KafkaError) -> R {
        let deadline = ContinuousClock.now + timeout
        var list: UnsafePointer<rd_kafka_group_list>?
        defer { if let list { rd_kafka_group_list_destroy(list) } }
        while true {
            let remaining = max(deadline - .now, .milliseconds(1))
            let code = rd_kafka_list_groups(client, groupID, &list, remaining.milliseconds)
            // One group is at one broker: when that has answered, another's silence does not matter.
            let isEnough = code == RD_KAFKA_RESP_ERR__PARTIAL && groupID != nil && list != nil
            if code == RD_KAFKA_RESP_ERR_NO_ERROR || isEnough { break }
            let error = KafkaError(code, operation: operation)
            guard error.fault == .retry, ContinuousClock.now < deadline else { throw error }
            // A coordinator that has just started loads its groups first. Blocks a thread made for such calls only.
            if let answered = list { rd_kafka_group_list_destroy(answered) }
            list = nil
            Thread.sleep(forTimeInterval: 0.1)
        }
        return body(UnsafeBufferPointer(start: list?.pointee.groups, count: Int(list?.pointee.group_cnt ?? 0)))
    }

    private static func description(_ group: rd_kafka_group_info) -> KafkaGroupDescription {
        let members = UnsafeBufferPointer(start: group.members, count: Int(group.member_cnt)).map { member in
            KafkaGroupDescription.Member(
                memberID: string(member.member_id),
                clientID: string(member.client_id),
                host: string(member.client_host),
                partitions: KafkaMemberAssignment.partitions(
                    in: UnsafeRawBufferPointer(
                        start: member.member_assignment,
                        count: Int(member.member_assignment_size)
                    )
                )
            )
        }
        return KafkaGroupDescription(
            groupID: string(group.group),
            state: string(group.state),
            assignor: string(group.protocol),
            members: members.sorted { $0.memberID < $1.memberID }
        )
    }

    /// The committed offsets of any group, those of pending transactions not counted.
    ///
    /// Asked by a client of its own, which does not join the group.
    /// - Returns: offsets of the partitions that have one.
    public func committedOffsets(
        group: String,
        partitions: [KafkaTopicPartition],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [KafkaTopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let operation = "read committed offsets"
        return try await blocking(operation) { [self] (_) throws(KafkaError) in
            let asking = try makeHandle(groupID: group)
            defer { _ = asking.destroy(waitingUpTo: .zero) }
            let list = TopicPartitionList(partitions)
            try KafkaError.check(
                rd_kafka_committed(asking.pointer, list.pointer, timeout.milliseconds),
                operation
            )
            let entries = list.entries
            try KafkaError.check(entries, operation)
            return Dictionary(
                entries.filter { $0.offset >= 0 }.map { ($0.topicPartition, $0.offset) },
                uniquingKeysWith: { $1 }
            )
        }
    }

    /// How far a group is behind in a topic, partition by partition.
    /// - Throws: ``KafkaFault/rejected`` when there is no such topic.
    public func lag(
        group: String,
        topic: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [KafkaPartitionLag] {
        guard let description = try await self.topic(topic, timeout: timeout) else {
            var error = KafkaError(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, operation: "read lag")
            error.topic = topic
            throw error
        }
        let partitions = description.partitions.map { KafkaTopicPartition(topic: topic, partition: $0.id) }
        let committed = try await committedOffsets(group: group, partitions: partitions, timeout: timeout)
        var lags: [KafkaPartitionLag] = []
        for partition in partitions {
            let watermarks = try await watermarks(partition, timeout: timeout)
            lags.append(
                KafkaPartitionLag(topicPartition: partition, committed: committed[partition], watermarks: watermarks)
            )
        }
        return lags
    }
}

private func string(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
private func string(_ text: UnsafeMutablePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
