import CRDKafka

/// An error code of Kafka's protocol (positive) or of librdkafka itself (negative).
public struct KafkaErrorCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The number, as in Kafka's protocol or `rd_kafka_resp_err_t`.
    public let rawValue: Int32

    /// The code with this number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ native: rd_kafka_resp_err_t) { rawValue = native.rawValue }

    var native: rd_kafka_resp_err_t { rd_kafka_resp_err_t(rawValue) }

    /// The code's name, such as `MSG_SIZE_TOO_LARGE`; librdkafka's own begin with an underscore.
    public var name: String { rd_kafka_err2name(native).map { String(cString: $0) } ?? String(rawValue) }

    /// The code's name.
    public var description: String { name }

    /// librdkafka's text for the code.
    var text: String { rd_kafka_err2str(native).map { String(cString: $0) } ?? name }
}

extension KafkaErrorCode {
    /// Whether it means that a batch cannot be stored as it is, because of its size or its content.
    /// Which record of the batch is to blame it does not say.
    public var refusesRecords: Bool {
        switch native {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
            RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
            true
        default: false
        }
    }

    /// librdkafka: no answer in time.
    public static let timedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// librdkafka: the connection broke.
    public static let transport = KafkaErrorCode(RD_KAFKA_RESP_ERR__TRANSPORT)
    /// librdkafka: no broker can be reached.
    public static let allBrokersDown = KafkaErrorCode(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    /// librdkafka: a broker's host name has no address.
    public static let unresolved = KafkaErrorCode(RD_KAFKA_RESP_ERR__RESOLVE)
    /// librdkafka: what answered does not follow Kafka's protocol.
    public static let badMessage = KafkaErrorCode(RD_KAFKA_RESP_ERR__BAD_MSG)
    /// librdkafka: TLS failed.
    public static let encryption = KafkaErrorCode(RD_KAFKA_RESP_ERR__SSL)
    /// librdkafka: the broker refuses the credentials.
    public static let authentication = KafkaErrorCode(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    /// Broker: the credentials are refused.
    public static let saslAuthenticationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED)
    /// Broker: not this SASL mechanism.
    public static let unsupportedSASLMechanism = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM)
    /// Broker: the listener expects another state of the SASL exchange.
    public static let illegalSASLState = KafkaErrorCode(RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE)
    /// Broker: a right on a topic is missing.
    public static let topicAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    /// Broker: a right on a consumer group is missing.
    public static let groupAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    /// Broker: a right on a transactional id is missing.
    public static let transactionalIDAuthorizationFailed = KafkaErrorCode(
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    )
    /// Broker: a right on the cluster is missing.
    public static let clusterAuthorizationFailed = KafkaErrorCode(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    /// Broker: the group's members assign partitions in a way that this one does not know.
    public static let inconsistentGroupProtocol = KafkaErrorCode(RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL)
    /// Broker: an earlier transaction of this transactional id has not ended.
    public static let concurrentTransactions = KafkaErrorCode(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
    /// librdkafka: an argument or a property is wrong.
    public static let invalidArgument = KafkaErrorCode(RD_KAFKA_RESP_ERR__INVALID_ARG)
    /// Broker: the producer was fenced by a newer one.
    public static let producerFenced = KafkaErrorCode(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
    /// Broker: the group's generation has moved on.
    public static let illegalGeneration = KafkaErrorCode(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
    /// Broker: the group does not know this member any more.
    public static let unknownMemberID = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
    /// Broker: another member with the same static instance id has joined.
    public static let fencedInstanceID = KafkaErrorCode(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
    /// The record or batch is larger than the client, the broker or the topic allows.
    public static let messageTooLarge = KafkaErrorCode(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    /// Broker: no such topic or partition.
    public static let unknownTopicOrPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// librdkafka: the client does not know this partition.
    public static let unknownPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    /// Broker: the topic exists already.
    public static let topicAlreadyExists = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// librdkafka: a record could not be delivered, so those after it are not sent (`enable.gapless.guarantee`).
    public static let gaplessGuarantee = KafkaErrorCode(RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE)
    /// librdkafka: the client is closed or closing.
    public static let destroyed = KafkaErrorCode(RD_KAFKA_RESP_ERR__DESTROY)
    /// librdkafka: the broker does not know the request.
    public static let unsupportedFeature = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
    /// librdkafka: this version cannot do it.
    public static let notImplemented = KafkaErrorCode(RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED)
    /// Broker: not this version of the request.
    public static let unsupportedVersion = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
}
