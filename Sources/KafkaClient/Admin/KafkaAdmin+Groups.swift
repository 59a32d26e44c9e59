import CRDKafka
import Foundation

// This uses librdkafka's older calls, which ask every broker. Its newer requests to a group's coordinator end the whole
// process with a failed assertion when the coordinator is unavailable or does not support the request.

extension KafkaAdmin {
    /// A consumer group and its members.
    /// - Throws: ``KafkaError`` also when a broker did not answer and the others do not have the group.
    public func group(
        _ groupID: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaGroupDescription {
        let operation = "describe group"
        return try await blocking(operation, timeout) { (client) throws(KafkaError) in
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
