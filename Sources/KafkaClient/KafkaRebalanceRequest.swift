import Foundation

/// The group gives this member partitions or takes them away, and waits for the answer.
///
/// The consumer's thread stands still in librdkafka's callback until ``complete(paused:from:)`` is called, from any
/// thread, or the consumer's rebalance time-out has passed. Then the consumer assigns or unassigns the partitions
/// itself. Pausing, seeking, committing and the like work meanwhile.
///
/// With cooperative assignment the lists hold what is *new* or *gone*; what stays keeps running. Every rebalance of
/// the group brings at least one request, with an empty list where nothing changes for this member, so that it gets
/// the new generation's metadata: a transaction with the old one would be refused.
///
/// Sound to share: what is mutable is under the condition's lock.
public final class KafkaRebalanceRequest: @unchecked Sendable {
    /// What the group asks for.
    public enum Kind: String, Sendable, Hashable {
        /// The partitions are this member's from now on. Nothing of them is delivered before completion.
        case assign
        /// The partitions go to another member upon completion: finish and commit what is under way first.
        case revoke
        /// The partitions are gone already: another member may hold them. Commit nothing, drop their state.
        case lost
    }

    /// How the group hands over.
    public enum RebalanceProtocol: String, Sendable, Hashable {
        /// Everything is revoked and assigned anew; the lists are complete.
        case eager
        /// The lists are what changes.
        case cooperative
    }

    /// What is asked for.
    public let kind: Kind
    /// How the group hands over.
    public let rebalanceProtocol: RebalanceProtocol
    /// The partitions that are given, taken or lost. May be empty.
    public let partitions: [KafkaTopicPartition]
    /// The member's place in the group, taken inside the callback. `nil` only when the client is closing down.
    public let groupMetadata: KafkaGroupMetadata?

    struct Completion {
        var paused: Set<KafkaTopicPartition> = []
        var offsets: [KafkaTopicPartition: Int64] = [:]
    }

    private let condition: NSCondition
    private var completion: Completion?

    init(
        kind: Kind,
        rebalanceProtocol: RebalanceProtocol,
        partitions: [KafkaTopicPartition],
        groupMetadata: KafkaGroupMetadata?,
        condition: NSCondition
    ) {
        self.kind = kind
        self.rebalanceProtocol = rebalanceProtocol
        self.partitions = partitions
        self.groupMetadata = groupMetadata
        self.condition = condition
    }

    /// Lets the rebalance go on. The first call counts, later ones do nothing.
    /// - Parameters:
    ///   - paused: for an assignment, the partitions that begin paused: nothing of them is delivered before
    ///     ``KafkaConsumer/resume(_:)``.
    ///   - offsets: for an assignment, where to begin; without an entry at the committed offset.
    public func complete(
        paused: some Sequence<KafkaTopicPartition> = [],
        from offsets: [KafkaTopicPartition: Int64] = [:]
    ) {
        let answer = Completion(paused: Set(paused), offsets: offsets)
        condition.withLock {
            if completion == nil { completion = answer }
            condition.broadcast()
        }
    }

    /// Lets an assignment go on with all of its partitions paused.
    public func completePaused() { complete(paused: partitions) }

    /// The answer; to be read with the condition's lock held.
    var answer: Completion? { completion }
}
