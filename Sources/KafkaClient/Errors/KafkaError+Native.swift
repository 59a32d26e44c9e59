import CRDKafka

extension KafkaError {
    /// Takes over a `rd_kafka_error_t`, whose flags decide the fault.
    init(consuming native: OpaquePointer, operation: String, topicPartition: KafkaTopicPartition? = nil) {
        defer { rd_kafka_error_destroy(native) }
        let code = KafkaErrorCode(rd_kafka_error_code(native))
        let fault: KafkaFault =
            if rd_kafka_error_is_fatal(native) != 0 {
                code.faultWhenFatal
            } else if rd_kafka_error_txn_requires_abort(native) != 0 {
                code.isStaleMembership ? .staleGeneration : .abortTransaction
            } else if rd_kafka_error_is_retriable(native) != 0 {
                .retry
            } else {
                code.fault
            }
        self.init(
            fault: fault,
            code: code,
            message: rd_kafka_error_string(native).map { String(cString: $0) } ?? code.text,
            operation: operation,
            topic: topicPartition?.topic,
            partition: topicPartition?.partition
        )
    }

    /// An error of which only the code is known.
    init(
        _ native: rd_kafka_resp_err_t,
        operation: String,
        topicPartition: KafkaTopicPartition? = nil,
        message: String? = nil
    ) {
        let code = KafkaErrorCode(native)
        self.init(
            fault: code.fault,
            code: code,
            message: message ?? code.text,
            operation: operation,
            topic: topicPartition?.topic,
            partition: topicPartition?.partition
        )
    }

    /// A call after `close()`.
    static func closed(_ operation: String) -> KafkaError {
        KafkaError(fault: .closed, code: .destroyed, message: "the client is closed", operation: operation)
    }

    /// Throws unless the code is "no error".
    static func check(
        _ native: rd_kafka_resp_err_t,
        _ operation: String,
        topicPartition: KafkaTopicPartition? = nil
    ) throws(KafkaError) {
        guard native != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw KafkaError(native, operation: operation, topicPartition: topicPartition)
    }

    /// Throws the first error that a list's elements carry.
    static func check(_ entries: [TopicPartitionEntry], _ operation: String) throws(KafkaError) {
        for entry in entries {
            try check(entry.error, operation, topicPartition: entry.topicPartition)
        }
    }
}

extension KafkaErrorCode {
    /// Whether the code means that this member's view of its group is out of date.
    var isStaleMembership: Bool {
        switch native {
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, Self.fencedMemberEpoch, Self.staleMemberEpoch:
            true
        default: false
        }
    }

    // Codes that the oldest supported librdkafka's header does not name: of members with epochs, and of a broker that left
    // the cluster's list while it was asked.
    private static let fencedMemberEpoch = rd_kafka_resp_err_t(110)
    private static let staleMemberEpoch = rd_kafka_resp_err_t(113)
    private static let destroyBroker = rd_kafka_resp_err_t(-137)

    /// The fault when librdkafka reports that the whole client has ended.
    var faultWhenFatal: KafkaFault {
        // Another member has taken this one's `group.instance.id`.
        if native == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID { return .fenced }
        return switch fault {
        case .fenced, .configuration: fault
        default: .fatal
        }
    }

    /// The fault of an error that librdkafka reports about a client that it has not ended: it retries automatically.
    var faultWhileAlive: KafkaFault {
        switch fault {
        case .fatal, .fenced: .retry
        case let fault: fault
        }
    }

    /// The fault where there is nothing but the code.
    var fault: KafkaFault {
        if isStaleMembership { return .staleGeneration }
        if isTransient { return .retry }
        switch native {
        case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            return .fenced
        case RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, RD_KAFKA_RESP_ERR__STATE, RD_KAFKA_RESP_ERR__CONFLICT,
            RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE:
            return .fatal
        case RD_KAFKA_RESP_ERR__DESTROY:
            return .closed
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR_INVALID_CONFIG,
            RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM,
            RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_SECURITY_DISABLED,
            RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
            RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
            return .configuration
        default:
            return .rejected
        }
    }

    /// Transient codes: connections, elections, coordinators on the move, time-outs.
    private var isTransient: Bool {
        switch native {
        case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
            RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            // What answers does not speak Kafka's protocol: a proxy's error page while the broker restarts.
            RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__FAIL,
            RD_KAFKA_RESP_ERR__QUEUE_FULL, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__WAIT_CACHE,
            RD_KAFKA_RESP_ERR__IN_PROGRESS, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__RETRY,
            RD_KAFKA_RESP_ERR__INTR,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
            RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
            RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, Self.destroyBroker:
            true
        default: false
        }
    }
}
