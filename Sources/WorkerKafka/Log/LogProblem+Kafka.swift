public import KafkaClient
public import WorkerRuntime

extension LogProblem {
    /// What an error means for a worker of this configuration. The code decides, never the words.
    public init(_ error: KafkaError, _ configuration: KafkaLogConfiguration) {
        let cause = Cause(error.code)
        var subject = error.topic ?? ""
        var rights: [String] = []
        switch cause {
        case .topicRights: rights = configuration.topics.rights(on: error.topic)
        case .groupRights:
            subject = configuration.groupID
            rights = ["Read"]
        case .groupProtocol: subject = configuration.groupID
        case .transactionalIDRights:
            subject = configuration.transactionalID
            rights = ["Write", "Describe"]
        case .hangingTransaction: subject = configuration.transactionalID
        case .clusterRights: rights = ["IdempotentWrite"]
        default: break
        }
        self.init(cause, subject: subject, rights: rights, code: error.code.name, message: error.message)
    }
}

extension KafkaLogConfiguration {
    /// The rights that a commit needs, where one of them is missing: the broker does not say for which topic.
    ///
    /// - Parameter cause: Kafka's name of the error.
    func rightsOfCommits(refusedBy cause: String) -> String? {
        switch cause {
        case KafkaErrorCode.topicAuthorizationFailed.name:
            topics.written.map { "\(topics.rights(on: $0).joined(separator: ", ")) on the topic \($0)" }
                .joined(separator: "; ")
        case KafkaErrorCode.groupAuthorizationFailed.name: "Read on the group \(groupID)"
        case KafkaErrorCode.clusterAuthorizationFailed.name: "IdempotentWrite on the cluster"
        default: nil
        }
    }
}

extension LogProblem.Cause {
    /// What a code means.
    public init(_ code: KafkaErrorCode) {
        self =
            switch code {
            case .allBrokersDown, .transport, .timedOut: .unreachable
            case .unresolved: .unresolved
            case .badMessage: .notKafka
            case .encryption: .encryption
            case .authentication, .saslAuthenticationFailed, .unsupportedSASLMechanism, .illegalSASLState:
                .authentication
            case .topicAuthorizationFailed: .topicRights
            case .groupAuthorizationFailed: .groupRights
            case .transactionalIDAuthorizationFailed: .transactionalIDRights
            case .clusterAuthorizationFailed: .clusterRights
            case .inconsistentGroupProtocol: .groupProtocol
            case .unknownTopicOrPartition: .topicMissing
            case .concurrentTransactions: .hangingTransaction
            default: .other
            }
    }

    /// How specific the cause is; of several problems the one with the highest value is reported.
    public var specificity: Int {
        switch self {
        case .other: 0
        case .unreachable: 1
        case .unresolved: 2
        case .topicMissing: 3
        case .openTransaction, .hangingTransaction: 4
        case .notKafka: 5
        case .brokerAddress: 6
        case .groupProtocol: 7
        case .clusterRights, .topicRights, .groupRights, .transactionalIDRights: 8
        case .encryption: 9
        case .authentication: 10
        }
    }
}
