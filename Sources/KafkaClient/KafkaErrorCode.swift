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

    /// The standing text that librdkafka has for the code.
    var text: String { rd_kafka_err2str(native).map { String(cString: $0) } ?? name }
}

extension KafkaErrorCode {
    /// No error.
    public static let none = KafkaErrorCode(RD_KAFKA_RESP_ERR_NO_ERROR)
    /// librdkafka: no answer in time.
    public static let timedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__TIMED_OUT)
    /// librdkafka: the connection broke.
    public static let transport = KafkaErrorCode(RD_KAFKA_RESP_ERR__TRANSPORT)
    /// librdkafka: no broker can be reached.
    public static let allBrokersDown = KafkaErrorCode(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    /// librdkafka: the call is not allowed in the client's present state.
    public static let invalidState = KafkaErrorCode(RD_KAFKA_RESP_ERR__STATE)
    /// librdkafka: an argument or a property is wrong.
    public static let invalidArgument = KafkaErrorCode(RD_KAFKA_RESP_ERR__INVALID_ARG)
    /// librdkafka: the producer was fenced by a newer one.
    public static let fencedProducer = KafkaErrorCode(RD_KAFKA_RESP_ERR__FENCED)
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
    /// librdkafka: the record was not delivered within `message.timeout.ms`.
    public static let messageTimedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
    /// Broker: no such topic or partition.
    public static let unknownTopicOrPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// Broker: the topic exists already.
    public static let topicAlreadyExists = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// librdkafka: `max.poll.interval.ms` passed without a poll; the member has left the group.
    public static let maxPollExceeded = KafkaErrorCode(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED)
    /// librdkafka: the client is closed or closing.
    public static let destroyed = KafkaErrorCode(RD_KAFKA_RESP_ERR__DESTROY)
    /// librdkafka: the broker does not know the request.
    public static let unsupportedFeature = KafkaErrorCode(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
}
