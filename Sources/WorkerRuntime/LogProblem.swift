/// Why the log is degraded or unusable: a cause for programs, and the library's or the broker's message.
public struct LogProblem: Sendable, Hashable {
    /// What is wrong.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// No broker answers.
        case unreachable
        /// A broker's host name has no address.
        case unresolved
        /// A broker cannot be reached under the address that it advertises, though others answer.
        case brokerAddress
        /// The peer does not speak Kafka's protocol.
        case notKafka
        /// TLS fails.
        case encryption
        /// The credentials are refused.
        case authentication
        /// A permission on a topic is missing.
        case topicRights
        /// A permission on the consumer group is missing.
        case groupRights
        /// A permission on the transactional id is missing.
        case transactionalIDRights
        /// A permission on the cluster is missing.
        case clusterRights
        /// Members of another application are in the group.
        case groupProtocol
        /// A topic does not exist.
        case topicMissing
        /// An earlier transaction of this worker's transactional id does not end, or its coordinator is unavailable.
        case hangingTransaction
        /// An open transaction of another producer holds back what can be read.
        case openTransaction
        /// Another cause; see the code.
        case other
    }

    /// What is wrong.
    public var cause: Cause
    /// What it concerns: brokers' addresses, a topic, a group or a transactional id; empty where it is not known.
    public var subject: String
    /// The required permissions, by Kafka's names.
    public var rights: [String]
    /// Kafka's or librdkafka's name of the error.
    public var code: String
    /// The library's or the broker's message. For people; holds no secret.
    public var message: String
    /// Whether the log still works, because other brokers or open connections serve it.
    public var isPartial: Bool

    /// Creates a problem.
    public init(
        _ cause: Cause,
        subject: String = "",
        rights: [String] = [],
        code: String,
        message: String,
        isPartial: Bool = false
    ) {
        self.cause = cause
        self.subject = subject
        self.rights = rights
        self.code = code
        self.message = message
        self.isPartial = isPartial
    }
}
