package import WorkerRuntime

/// Problems with Kafka, for an operator.
extension LogProblem {
    /// What is wrong, as a sentence.
    package var sentence: String {
        let details = "\(message) (\(code))"
        return switch cause {
        case .unreachable: "Kafka cannot be reached: \(details)."
        case .other: "Kafka cannot be used: \(details)."
        case .unresolved: "Kafka cannot be reached, a broker's name has no address: \(details)."
        case .brokerAddress:
            "The broker at \(subject) cannot be reached under the address that it advertises (advertised.listeners), "
                + "although other brokers answer: \(details)."
        case .notKafka: "The server at the broker's address does not speak Kafka's protocol: \(details)."
        case .encryption: "TLS with Kafka fails: \(details)."
        case .authentication: "Kafka's authentication fails, the credentials are refused: \(details)."
        case .topicRights: "Kafka denies this worker the topic '\(subject)': \(details)."
        case .groupRights: "Kafka denies this worker the consumer group '\(subject)': \(details)."
        case .transactionalIDRights: "Kafka denies this worker the transactional id '\(subject)': \(details)."
        case .clusterRights: "Kafka denies this worker a right on the cluster: \(details)."
        case .groupProtocol:
            "Another application uses the group id '\(subject)', and its members assign partitions in another way: \(details)."
        case .topicMissing: "The topic '\(subject)' does not exist: \(details)."
        case .hangingTransaction:
            "An earlier transaction of the transactional id '\(subject)' does not end, or the broker that coordinates it is "
                + "unavailable: \(details)."
        case .openTransaction:
            "\(subject) cannot be read to its end, another producer's transaction is open: \(details)."
        }
    }
}
