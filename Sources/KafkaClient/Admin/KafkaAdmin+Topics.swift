import CRDKafka
import Foundation

extension KafkaAdmin {
    /// Creates topics and waits, within the time-out, until a broker knows them.
    /// - Returns: for each topic whether it was made; a topic that exists is ``KafkaErrorCode/topicAlreadyExists``.
    /// - Throws: ``KafkaError`` when the request as a whole failed.
    public func createTopics(
        _ topics: [KafkaTopicSpecification],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [KafkaTopicResult] {
        let deadline = ContinuousClock.now + timeout
        return try await blocking("create topics", timeout) { (client) throws(KafkaError) in
            var natives: [OpaquePointer?] = []
            defer { for native in natives { rd_kafka_NewTopic_destroy(native) } }
            for topic in topics { natives.append(try Self.native(topic)) }
            let call = AdminCall(
                operation: "create topics",
                api: RD_KAFKA_ADMIN_OP_CREATETOPICS,
                timeout: timeout,
                waitsForCompletion: true
            )
            let results = try call.run(client) { options, queue in
                rd_kafka_CreateTopics(client, &natives, natives.count, options, queue)
            } result: { (event) throws(KafkaError) in
                Self.results("create topic") {
                    rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &$0)
                }
            }
            Self.waitUntilKnown(results.filter { $0.error == nil }.map(\.topic), client, until: deadline)
            return results
        }
    }

    /// The controller has created the topics; the brokers learn of them later, and report them as unknown until then.
    private static func waitUntilKnown(
        _ topics: [String],
        _ client: OpaquePointer,
        until deadline: ContinuousClock.Instant
    ) {
        for name in topics {
            while ContinuousClock.now < deadline {
                let found = try? description(of: name, client, min(deadline - .now, .seconds(1)))
                if let found, !found.partitions.isEmpty, found.partitions.allSatisfy({ $0.leader != nil }) { break }
                // Blocks a thread made for such calls only.
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }

    private static func native(_ topic: KafkaTopicSpecification) throws(KafkaError) -> OpaquePointer {
        var made: OpaquePointer?
        let text = ErrorText.filled {
            made = rd_kafka_NewTopic_new(topic.name, topic.partitions ?? -1, topic.replicationFactor ?? -1, $0, $1)
        }
        guard let made else {
            var error = KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: "create topic", message: text)
            error.topic = topic.name
            throw error
        }
        for (name, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
            _ = rd_kafka_NewTopic_set_config(made, name, value)
        }
        return made
    }

    /// Gives a topic more partitions. Keys spread differently from then on.
    /// - Parameters:
    ///   - topic: the topic's name.
    ///   - total: the number of partitions it has afterwards.
    ///   - timeout: how long the request may take.
    public func addPartitions(
        topic: String,
        upTo total: Int,
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) {
        let results = try await blocking("add partitions", timeout) { (client) throws(KafkaError) in
            var made: OpaquePointer?
            let text = ErrorText.filled { made = rd_kafka_NewPartitions_new(topic, max(total, 0), $0, $1) }
            guard made != nil else {
                throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: "add partitions", message: text)
            }
            defer { rd_kafka_NewPartitions_destroy(made) }
            let call = AdminCall(
                operation: "add partitions",
                api: RD_KAFKA_ADMIN_OP_CREATEPARTITIONS,
                timeout: timeout,
                waitsForCompletion: true
            )
            return try call.run(client) { options, queue in
                rd_kafka_CreatePartitions(client, &made, 1, options, queue)
            } result: { (event) throws(KafkaError) in
                Self.results("add partitions") {
                    rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &$0)
                }
            }
        }
        for case let error? in results.map(\.error) { throw error }
    }

    /// Deletes topics with all that they hold.
    /// - Returns: for each topic whether it was deleted.
    public func deleteTopics(
        _ topics: [String],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [KafkaTopicResult] {
        try await blocking("delete topics", timeout) { (client) throws(KafkaError) in
            var natives = topics.map { rd_kafka_DeleteTopic_new($0) }
            defer { for native in natives { rd_kafka_DeleteTopic_destroy(native) } }
            let call = AdminCall(
                operation: "delete topics",
                api: RD_KAFKA_ADMIN_OP_DELETETOPICS,
                timeout: timeout,
                waitsForCompletion: true
            )
            return try call.run(client) { options, queue in
                rd_kafka_DeleteTopics(client, &natives, natives.count, options, queue)
            } result: { (event) throws(KafkaError) in
                Self.results("delete topic") {
                    rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &$0)
                }
            }
        }
    }

    private static func results(
        _ operation: String,
        _ list: (inout Int) -> UnsafeMutablePointer<OpaquePointer?>?
    ) -> [KafkaTopicResult] {
        var count = 0
        let natives = UnsafeBufferPointer(start: list(&count), count: count)
        return natives.map { native in
            let name = rd_kafka_topic_result_name(native).map { String(cString: $0) } ?? ""
            let code = rd_kafka_topic_result_error(native)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return KafkaTopicResult(topic: name, error: nil) }
            let text = rd_kafka_topic_result_error_string(native).map { String(cString: $0) }
            var error = KafkaError(code, operation: operation, message: text)
            error.topic = name
            return KafkaTopicResult(topic: name, error: error)
        }
    }

    /// A topic's partitions; `nil` when there is no such topic.
    public func topic(
        _ name: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaTopicDescription? {
        try await blocking("describe topic", timeout) { (client) throws(KafkaError) in
            try Self.description(of: name, client, timeout)
        }
    }

    private static func description(
        of name: String,
        _ client: OpaquePointer,
        _ timeout: Duration
    ) throws(KafkaError) -> KafkaTopicDescription? {
        guard let topic = rd_kafka_topic_new(client, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), operation: "describe topic")
        }
        defer { rd_kafka_topic_destroy(topic) }
        let found = try metadata(client, topic, timeout).first { $0.0.name == name }
        guard let (description, code) = found else { return nil }
        switch code {
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
        // A partition without a leader shows in the description.
        case RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE: return description
        default:
            var error = KafkaError(code, operation: "describe topic")
            error.topic = name
            throw error
        }
    }

    /// The offset of the first record of a partition with this timestamp or a later one; `nil` when there is none.
    ///
    /// - Parameters:
    ///   - timestamp: milliseconds since 1970.
    ///   - partition: the partition.
    ///   - timeout: how long the request may take.
    public func offset(
        at timestamp: Int64,
        of partition: KafkaTopicPartition,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> Int64? {
        let operation = "look up offset by time"
        return try await blocking(operation, timeout) { (client) throws(KafkaError) in
            let list = TopicPartitionList([KafkaTopicPartitionOffset(partition, offset: timestamp)])
            try KafkaError.check(rd_kafka_offsets_for_times(client, list.pointer, timeout.milliseconds), operation)
            let entries = list.entries
            try KafkaError.check(entries, operation)
            return entries.first.flatMap { $0.offset < 0 ? nil : $0.offset }
        }
    }

    /// All topics that the client may see, by name.
    public func topics(timeout: Duration = .seconds(10)) async throws(KafkaError) -> [KafkaTopicDescription] {
        try await blocking("list topics", timeout) { (client) throws(KafkaError) in
            try Self.metadata(client, nil, timeout).map(\.0).sorted { $0.name < $1.name }
        }
    }

    private static func metadata(
        _ client: OpaquePointer,
        _ topic: OpaquePointer?,
        _ timeout: Duration
    ) throws(KafkaError) -> [(KafkaTopicDescription, rd_kafka_resp_err_t)] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        try KafkaError.check(
            rd_kafka_metadata(client, topic == nil ? 1 : 0, topic, &metadata, timeout.milliseconds),
            "describe topics"
        )
        guard let metadata else { return [] }
        defer { rd_kafka_metadata_destroy(metadata) }
        let topics = UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt))
        return topics.map { topic in
            let partitions = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt)).map {
                KafkaTopicDescription.Partition(
                    id: $0.id,
                    leader: $0.leader < 0 ? nil : $0.leader,
                    replicas: Array(UnsafeBufferPointer(start: $0.replicas, count: Int($0.replica_cnt))),
                    inSyncReplicas: Array(UnsafeBufferPointer(start: $0.isrs, count: Int($0.isr_cnt)))
                )
            }
            let name = topic.topic.map { String(cString: $0) } ?? ""
            return (KafkaTopicDescription(name: name, partitions: partitions.sorted { $0.id < $1.id }), topic.err)
        }
    }

    /// A topic's settings by name, such as `cleanup.policy`, without those whose values the broker does not report.
    public func topicConfiguration(
        _ topic: String,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> [String: String] {
        try await blocking("describe topic configuration", timeout) { (client) throws(KafkaError) in
            var resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
            defer { rd_kafka_ConfigResource_destroy(resource) }
            let operation = "describe topic configuration"
            let call = AdminCall(operation: operation, api: RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout: timeout)
            return try call.run(client) { options, queue in
                rd_kafka_DescribeConfigs(client, &resource, 1, options, queue)
            } result: { (event) throws(KafkaError) in
                var count = 0
                let resources = rd_kafka_DescribeConfigs_result_resources(
                    rd_kafka_event_DescribeConfigs_result(event),
                    &count
                )
                guard count > 0, let found = resources?[0] else { return [:] }
                let code = rd_kafka_ConfigResource_error(found)
                if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                    let text = rd_kafka_ConfigResource_error_string(found).map { String(cString: $0) }
                    var error = KafkaError(code, operation: operation, message: text)
                    error.topic = topic
                    throw error
                }
                return Self.settings(found)
            }
        }
    }

    private static func settings(_ resource: OpaquePointer) -> [String: String] {
        var count = 0
        let entries = UnsafeBufferPointer(start: rd_kafka_ConfigResource_configs(resource, &count), count: count)
        var settings: [String: String] = [:]
        for entry in entries {
            guard let name = rd_kafka_ConfigEntry_name(entry), let value = rd_kafka_ConfigEntry_value(entry)
            else { continue }
            settings[String(cString: name)] = String(cString: value)
        }
        return settings
    }
}
