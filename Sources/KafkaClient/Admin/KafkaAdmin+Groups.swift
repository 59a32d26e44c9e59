import CRDKafka
import Foundation

// This uses librdkafka's older calls, which ask every broker. In 2.0.2 its newer requests to a group's coordinator end the
// whole process with a failed assertion when the coordinator is unavailable or does not support the request. They are used
// only for groups that the older calls cannot describe, with a librdkafka that has their protocol.

extension KafkaAdmin {
    /// A consumer group and its members.
    /// - Throws: ``KafkaError`` also when a broker did not answer and the others do not have the group;
    ///   ``KafkaErrorCode/notImplemented`` for a group of the protocol ``KafkaGroupProtocol/consumer``, if librdkafka is too old.
    public func group(
        _ groupID: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaGroupDescription {
        let operation = "describe group"
        return try await blocking(operation, timeout) { (client) throws(KafkaError) in
            let deadline = ContinuousClock.now + timeout
            let found = try Self.list(client, groupID, timeout, operation) { groups in
                groups.first { string($0.group) == groupID }.map { ($0.err, Self.description($0)) }
            }
            guard let (code, description) = found else {
                return .init(groupID: groupID, state: KafkaGroupDescription.dead, assignor: "", members: [])
            }
            try KafkaError.check(code, operation)
            // The list names the group, so it exists: the older request does not describe groups of the newer protocol.
            guard description.state == KafkaGroupDescription.dead else { return description }
            return try Self.consumerGroup(client, groupID, max(deadline - .now, .seconds(1)), operation)
        }
    }

    /// Asks all brokers for a group, retries transient errors, and reads the answers while librdkafka owns them.
    private static func list<R>(
        _ client: OpaquePointer,
        _ groupID: String,
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
            let isEnough = code == RD_KAFKA_RESP_ERR__PARTIAL && list != nil
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

    /// Asks the coordinator for a group of the protocol ``KafkaGroupProtocol/consumer``.
    private static func consumerGroup(
        _ client: OpaquePointer,
        _ groupID: String,
        _ timeout: Duration,
        _ operation: String
    ) throws(KafkaError) -> KafkaGroupDescription {
        if let obstacle = KafkaGroupProtocol.consumer.obstacle {
            throw KafkaError(RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, operation: operation, message: obstacle)
        }
        let call = AdminCall(operation: operation, api: RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout: timeout)
        return try call.run(client) { options, queue in
            groupID.withCString { name in
                var names: [UnsafePointer<CChar>?] = [name]
                rd_kafka_DescribeConsumerGroups(client, &names, names.count, options, queue)
            }
        } result: { (event) throws(KafkaError) in
            var count = 0
            let groups = rd_kafka_DescribeConsumerGroups_result_groups(
                rd_kafka_event_DescribeConsumerGroups_result(event),
                &count
            )
            guard count > 0, let group = groups?[0] else {
                throw KafkaError(RD_KAFKA_RESP_ERR__BAD_MSG, operation: operation)
            }
            try KafkaError.check(rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(group)), operation)
            return description(groupID, group)
        }
    }

    private static func description(_ groupID: String, _ group: OpaquePointer) -> KafkaGroupDescription {
        let members = (0..<rd_kafka_ConsumerGroupDescription_member_count(group)).map { index in
            let member = rd_kafka_ConsumerGroupDescription_member(group, index)
            let assignment = rd_kafka_MemberDescription_assignment(member)
            let partitions = rd_kafka_MemberAssignment_partitions(assignment)
            return KafkaGroupDescription.Member(
                memberID: string(rd_kafka_MemberDescription_consumer_id(member)),
                clientID: string(rd_kafka_MemberDescription_client_id(member)),
                host: string(rd_kafka_MemberDescription_host(member)),
                partitions: partitions.map { TopicPartitionEntry.entries(of: $0).map(\.topicPartition) } ?? []
            )
        }
        let state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(group))
        return KafkaGroupDescription(
            groupID: groupID,
            state: string(state),
            assignor: string(rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            members: members.sorted { $0.memberID < $1.memberID }
        )
    }

    /// The committed offsets of any group, those of pending transactions not counted.
    ///
    /// A client of its own reads them, which does not join the group.
    /// - Returns: offsets of the partitions that have one.
    public func committedOffsets(
        group: String,
        partitions: [KafkaTopicPartition],
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [KafkaTopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let operation = "read committed offsets"
        return try await blocking(operation, timeout) { [self] (_) throws(KafkaError) in
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
}

private func string(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
private func string(_ text: UnsafeMutablePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
