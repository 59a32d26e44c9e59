import CRDKafka

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
        /// Its `group.instance.id`, when it is a static member.
        public var groupInstanceID: String?
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

extension KafkaAdmin {
    /// The consumer groups of all brokers.
    public func groups(timeout: Duration = .seconds(10)) async throws(KafkaError) -> [KafkaGroupListing] {
        try await blocking("list groups") { (client) throws(KafkaError) in
            let call = AdminCall(operation: "list groups", api: RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, timeout: timeout)
            return try call.run(client) { options, queue in
                rd_kafka_ListConsumerGroups(client, options, queue)
            } result: { (event) throws(KafkaError) in
                let result = rd_kafka_event_ListConsumerGroups_result(event)
                var count = 0
                if let errors = rd_kafka_ListConsumerGroups_result_errors(result, &count), count > 0,
                    let first = errors[0]
                {
                    throw KafkaError(
                        rd_kafka_error_code(first),
                        operation: "list groups",
                        message: rd_kafka_error_string(first).map { String(cString: $0) }
                    )
                }
                let groups = UnsafeBufferPointer(
                    start: rd_kafka_ListConsumerGroups_result_valid(result, &count),
                    count: count
                )
                return groups.map { group in
                    KafkaGroupListing(
                        groupID: string(rd_kafka_ConsumerGroupListing_group_id(group)),
                        state: string(
                            rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(group))
                        )
                    )
                }.sorted { $0.groupID < $1.groupID }
            }
        }
    }

    /// A consumer group and its members.
    public func group(
        _ groupID: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaGroupDescription {
        try await blocking("describe group") { (client) throws(KafkaError) in
            let call = AdminCall(
                operation: "describe group",
                api: RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
                timeout: timeout
            )
            return try call.run(client) { options, queue in
                groupID.withCString { name in
                    var names: [UnsafePointer<CChar>?] = [name]
                    rd_kafka_DescribeConsumerGroups(client, &names, 1, options, queue)
                }
            } result: { (event) throws(KafkaError) in
                var count = 0
                let groups = rd_kafka_DescribeConsumerGroups_result_groups(
                    rd_kafka_event_DescribeConsumerGroups_result(event),
                    &count
                )
                guard count > 0, let group = groups?[0] else {
                    throw KafkaError(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, operation: "describe group")
                }
                if let error = rd_kafka_ConsumerGroupDescription_error(group),
                    rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR
                {
                    throw KafkaError(
                        rd_kafka_error_code(error),
                        operation: "describe group",
                        message: rd_kafka_error_string(error).map { String(cString: $0) }
                    )
                }
                return Self.description(group)
            }
        }
    }

    private static func description(_ group: OpaquePointer) -> KafkaGroupDescription {
        let members = (0..<rd_kafka_ConsumerGroupDescription_member_count(group)).map { index in
            let member = rd_kafka_ConsumerGroupDescription_member(group, index)
            let list = rd_kafka_MemberDescription_assignment(member).flatMap {
                rd_kafka_MemberAssignment_partitions($0)
            }
            return KafkaGroupDescription.Member(
                memberID: string(rd_kafka_MemberDescription_consumer_id(member)),
                clientID: string(rd_kafka_MemberDescription_client_id(member)),
                host: string(rd_kafka_MemberDescription_host(member)),
                groupInstanceID: rd_kafka_MemberDescription_group_instance_id(member).map { String(cString: $0) },
                partitions: list.map { TopicPartitionEntry.entries(of: $0).map(\.topicPartition).sorted() } ?? []
            )
        }
        return KafkaGroupDescription(
            groupID: string(rd_kafka_ConsumerGroupDescription_group_id(group)),
            state: string(rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(group))),
            assignor: string(rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            members: members.sorted { $0.memberID < $1.memberID }
        )
    }

    /// The committed offsets of any group.
    /// - Parameters:
    ///   - partitions: which; `nil` for all that the group has committed.
    ///   - stable: whether to fail, with ``KafkaFault/retry``, while a transaction with offsets of them is pending.
    /// - Returns: offsets of the partitions that have one.
    public func committedOffsets(
        group: String,
        partitions: [KafkaTopicPartition]? = nil,
        stable: Bool = false,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [KafkaTopicPartition: Int64] {
        let operation = "read committed offsets"
        return try await blocking(operation) { (client) throws(KafkaError) in
            var request: OpaquePointer?
            if let partitions {
                let list = TopicPartitionList(partitions)
                request = rd_kafka_ListConsumerGroupOffsets_new(group, list.pointer)
            } else {
                request = rd_kafka_ListConsumerGroupOffsets_new(group, nil)
            }
            defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
            let call = AdminCall(
                operation: operation,
                api: RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
                timeout: timeout,
                requiresStableOffsets: stable
            )
            return try call.run(client) { options, queue in
                rd_kafka_ListConsumerGroupOffsets(client, &request, 1, options, queue)
            } result: { (event) throws(KafkaError) in
                var count = 0
                let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
                    rd_kafka_event_ListConsumerGroupOffsets_result(event),
                    &count
                )
                guard count > 0, let found = groups?[0] else { return [:] }
                if let error = rd_kafka_group_result_error(found) {
                    throw KafkaError(rd_kafka_error_code(error), operation: operation)
                }
                guard let list = rd_kafka_group_result_partitions(found) else { return [:] }
                let entries = TopicPartitionEntry.entries(of: list)
                try KafkaError.check(entries, operation)
                return Dictionary(
                    entries.filter { $0.offset >= 0 }.map { ($0.topicPartition, $0.offset) },
                    uniquingKeysWith: { $1 }
                )
            }
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
