import ExportCore
import WorkerRuntime

/// What an operator can do about problems with Kafka and about stopped partitions.
extension Remedies {
    /// The command that continues a stopped partition.
    private static let recoverCommand = "payout-worker topics recover"
    private static let acls = "deploy/kafka/acls grants all rights that a worker needs."

    func remedy(for problem: LogProblem) -> String {
        let rights = "the right \(problem.rights.joined(separator: " and "))"
        return switch problem.cause {
        case .unreachable, .other:
            "Check the brokers, KAFKA_BOOTSTRAP_SERVERS and the network. The worker retries automatically."
        case .unresolved:
            "Check KAFKA_BOOTSTRAP_SERVERS, advertised.listeners of the brokers, and DNS."
        case .brokerAddress:
            "Check whether the broker is up. If it is, correct advertised.listeners of the broker: clients connect to that address, whatever KAFKA_BOOTSTRAP_SERVERS is, and in a container 'localhost' is the container itself. If the worker does not continue afterwards, restart it, because clients can keep a coordinator's old address. Otherwise check the network."
        case .notKafka:
            "Check what listens at KAFKA_BOOTSTRAP_SERVERS: it may be an HTTP server or proxy, or a TLS listener while KAFKA_CLIENT_SECURITY_PROTOCOL is plaintext. The worker retries automatically."
        case .encryption:
            "Check KAFKA_CLIENT_SECURITY_PROTOCOL, KAFKA_CLIENT_SSL_CA_LOCATION, and the names and dates of the brokers' and the client's certificates."
        case .authentication:
            "Correct KAFKA_CLIENT_SASL_USERNAME and KAFKA_CLIENT_SASL_PASSWORD, or the files that contain them, which are read again when they change. Check KAFKA_CLIENT_SASL_MECHANISM too."
        case .topicRights: "Grant the worker's principal \(rights) on the topic '\(problem.subject)'. \(Self.acls)"
        case .groupRights: "Grant the worker's principal \(rights) on the group '\(problem.subject)'. \(Self.acls)"
        case .transactionalIDRights:
            "Grant the worker's principal \(rights) on transactional ids that begin with 'payout-export-worker.'. \(Self.acls)"
        case .clusterRights: "Grant the worker's principal \(rights) on the cluster. \(Self.acls)"
        case .groupProtocol: "Set another KAFKA_GROUP_ID for this fleet, or give the other application another group."
        case .topicMissing:
            "Create the topic with 'payout-worker topics create', or correct the KAFKA_TOPICS_… variables."
        case .hangingTransaction:
            "Check that all brokers are up, and wait: after half a minute the worker uses another transactional id. If the transaction does not end, 'kafka-transactions.sh describe --transactional-id ID' shows it and 'kafka-transactions.sh abort' aborts it."
        case .openTransaction:
            "Find the producer with 'kafka-transactions.sh find-hanging' and stop it, or abort its transaction with 'kafka-transactions.sh abort --topic TOPIC --partition N --start-offset OFFSET'."
        }
    }

    func remedy(for reason: StopReason, partition: Int32) -> String {
        let command = "\(Self.recoverCommand) --partition \(partition)"
        switch reason {
        case .stateUnreadable:
            return
                "Do what the reason says, or repair the record. The worker then restores the partition again automatically."
        case .statePartitionMissing:
            return "Run 'payout-worker topics create', which adds partitions. The worker continues automatically then."
        case .stateReadTooSlow:
            return
                "Raise delete.retention.ms of the state topic to an hour or more (its default is a day). The worker repeats the restore automatically."
        case .stateRefused:
            return
                "Raise max.message.bytes of the state topic, and check whether a policy of the brokers rejects records. Then restart the worker."
        case .jobsEndBelowPosition, .jobsReplaced:
            return
                "Choose where to continue: '\(command) --from beginning' reads the new topic from its beginning, '\(command) --from end' skips its records. Jobs in flight are kept. The worker continues automatically."
        case .stateMissing, .stateTruncated, .stateIncomplete:
            return
                "Set cleanup.policy=compact on the state topic, then replay the jobs topic: '\(command) --from beginning', or '--from OFFSET' or '--from TIME' before the oldest job in flight. Finished jobs run again unless the state still contains them. '--from committed' continues without the lost jobs. The worker continues automatically."
        }
    }
}

extension LogProblem {
    /// What to do about it.
    var remedy: String { Remedies().remedy(for: self) }
}
