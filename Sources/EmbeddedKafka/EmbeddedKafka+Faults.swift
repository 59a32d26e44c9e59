import CRDKafka

extension EmbeddedKafka {
    /// A kind of request, by its number in Kafka's protocol.
    public enum API: Int16, Sendable, Hashable, CaseIterable {
        case produce = 0
        case fetch = 1
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case syncGroup = 14
        case initProducerID = 22
        case addPartitionsToTransaction = 24
        case addOffsetsToTransaction = 25
        case endTransaction = 26
        case transactionOffsetCommit = 28
    }

    /// A broker's response, by Kafka's error code.
    public struct InjectedError: RawRepresentable, Sendable, Hashable {
        /// The code.
        public let rawValue: Int32

        /// Any error code of Kafka's protocol.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        init(_ native: rd_kafka_resp_err_t) { rawValue = native.rawValue }

        /// No error: lets a request through, between others that fail.
        public static let none = InjectedError(RD_KAFKA_RESP_ERR_NO_ERROR)
        /// The broker closes the connection instead of answering.
        public static let disconnect = InjectedError(RD_KAFKA_RESP_ERR__TRANSPORT)
        /// The coordinator is not available.
        public static let coordinatorNotAvailable = InjectedError(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
        /// Another broker is the coordinator.
        public static let notCoordinator = InjectedError(RD_KAFKA_RESP_ERR_NOT_COORDINATOR)
        /// The coordinator is still loading.
        public static let coordinatorLoadInProgress = InjectedError(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS)
        /// Another broker leads the partition.
        public static let notLeader = InjectedError(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
        /// A transaction that is open may change the partition's offset.
        public static let unstableOffsetCommit = InjectedError(RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT)
        /// A previous transaction is still ending.
        public static let concurrentTransactions = InjectedError(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
        /// The group has a newer generation.
        public static let illegalGeneration = InjectedError(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
        /// The group is rebalancing again: the member has to join again.
        public static let rebalanceInProgress = InjectedError(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
        /// The group does not know the member.
        public static let unknownMemberID = InjectedError(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
        /// A newer producer has taken over.
        public static let producerFenced = InjectedError(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
        /// A newer producer has taken over: the code of older brokers.
        public static let invalidProducerEpoch = InjectedError(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
        /// The record batch is too large for the topic.
        public static let messageTooLarge = InjectedError(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        /// Not enough replicas are in sync.
        public static let notEnoughReplicas = InjectedError(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS)
        /// The group's members assign partitions in another way.
        public static let inconsistentGroupProtocol = InjectedError(RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
        /// The client may not use the transactional id.
        public static let transactionalIDAuthorizationFailed = InjectedError(
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        )
        /// The client may not use the topic.
        public static let topicAuthorizationFailed = InjectedError(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    }

    /// What a coordinator coordinates.
    public enum CoordinatorKind: String, Sendable, Hashable {
        /// A consumer group, by `group.id`.
        case group
        /// A transactional producer, by `transactional.id`.
        case transaction
    }

    /// Makes the next requests of a kind fail, one for each error and in this order, on any broker.
    public func pushErrors(_ api: API, _ errors: [InjectedError]) throws(EmbeddedKafkaError) {
        try call("inject errors") { cluster in
            let codes = errors.map { rd_kafka_resp_err_t($0.rawValue) }
            rd_kafka_mock_push_request_errors_array(cluster, api.rawValue, codes.count, codes)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Removes the unused errors that were pushed for a kind of request.
    public func clearErrors(_ api: API) throws(EmbeddedKafkaError) {
        try call("clear errors") { cluster in
            rd_kafka_mock_clear_request_errors(cluster, api.rawValue)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Disconnects a broker's clients and refuses new ones. Leaders stay where they are.
    /// - Parameter broker: its id, or `nil` for all.
    public func takeDown(broker: Int32? = nil) throws(EmbeddedKafkaError) {
        try call("take broker down") { rd_kafka_mock_broker_set_down($0, broker ?? -1) }
    }

    /// Lets a broker accept clients again.
    /// - Parameter broker: its id, or `nil` for all.
    public func bringUp(broker: Int32? = nil) throws(EmbeddedKafkaError) {
        try call("bring broker up") { rd_kafka_mock_broker_set_up($0, broker ?? -1) }
    }

    /// Makes a broker answer later.
    /// - Parameters:
    ///   - roundTripTime: the delay, in whole milliseconds; zero to end it.
    ///   - broker: its id, or `nil` for all.
    public func setRoundTripTime(_ roundTripTime: Duration, broker: Int32? = nil) throws(EmbeddedKafkaError) {
        let (seconds, attoseconds) = roundTripTime.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        try call("set round-trip time") {
            rd_kafka_mock_broker_set_rtt($0, broker ?? -1, Int32(clamping: milliseconds))
        }
    }

    /// Answers requests for a topic's metadata as if the topic did not exist.
    public func hide(topic: String) throws(EmbeddedKafkaError) {
        try call("hide \(topic)") {
            rd_kafka_mock_topic_set_error($0, topic, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Answers requests for the metadata of a hidden topic again.
    public func reveal(topic: String) throws(EmbeddedKafkaError) {
        try call("reveal \(topic)") {
            rd_kafka_mock_topic_set_error($0, topic, RD_KAFKA_RESP_ERR_NO_ERROR)
            return RD_KAFKA_RESP_ERR_NO_ERROR
        }
    }

    /// Moves a group's or a producer's coordinator.
    public func setCoordinator(
        of kind: CoordinatorKind,
        _ key: String,
        broker: Int32
    ) throws(EmbeddedKafkaError) {
        try call("set coordinator") { rd_kafka_mock_coordinator_set($0, kind.rawValue, key, broker) }
    }

    /// Moves a partition's leader.
    /// - Parameter broker: the new leader's id, or `nil` for none.
    public func setLeader(
        topic: String,
        partition: Int32,
        broker: Int32?
    ) throws(EmbeddedKafkaError) {
        try call("set leader of \(topic)[\(partition)]") {
            rd_kafka_mock_partition_set_leader($0, topic, partition, broker ?? -1)
        }
    }
}
