import Primitives

/// The group assigns partitions to this member or revokes them, and waits for the answer.
///
/// The consumer's thread waits in librdkafka's callback until ``complete(paused:from:)`` is called, from any
/// thread, or the consumer's rebalance time-out has passed. Then the consumer assigns or unassigns the partitions
/// itself. Pausing, seeking and committing work meanwhile.
///
/// With cooperative assignment the lists hold what is *new* or *gone*; what stays keeps running. Every rebalance of
/// the group brings at least one request, with an empty list where nothing changes for this member, so that it gets
/// the new generation's metadata: a transaction with the old one would be refused.
///
/// A ``KafkaConsumer`` makes the requests and passes them to its ``KafkaConsumerHandler``.
///
/// Sound to share: what is mutable is under the condition's lock.
public final class KafkaRebalanceRequest: @unchecked Sendable {
    /// What the group asks for.
    public enum Kind: String, Sendable, Hashable {
        /// The partitions are this member's from now on. Nothing of them is delivered before completion.
        case assign
        /// The partitions move to another member upon completion: finish and commit what is in flight first.
        case revoke
        /// The partitions are not this member's any more: another one may own them. Commit nothing, drop their state.
        case lost
    }

    /// How the group moves partitions.
    public enum RebalanceProtocol: String, Sendable, Hashable {
        /// Everything is revoked and assigned again; the lists are complete.
        case eager
        /// The lists are what changes.
        case cooperative
    }

    /// What is asked for.
    public let kind: Kind
    /// How the group moves partitions.
    public let rebalanceProtocol: RebalanceProtocol
    /// The partitions that are assigned, revoked or lost. May be empty.
    public let partitions: [KafkaTopicPartition]
    /// For an assignment, the partitions that stay with this member although the group had excluded it: other members may
    /// have owned them meanwhile. Drop their state, restore it and seek them, as if they were assigned again.
    public let interrupted: [KafkaTopicPartition]
    /// The member's place in the group, taken inside the callback. `nil` while the group excludes this member: no
    /// transaction is fenced then, so commit none before the next request.
    public let groupMetadata: KafkaGroupMetadata?

    struct Completion {
        var paused: Set<KafkaTopicPartition> = []
        var offsets: [KafkaTopicPartition: Int64] = [:]
    }

    private let condition: MonotonicCondition
    private var completion: Completion?

    init(
        kind: Kind,
        rebalanceProtocol: RebalanceProtocol,
        partitions: [KafkaTopicPartition],
        interrupted: [KafkaTopicPartition] = [],
        groupMetadata: KafkaGroupMetadata?,
        condition: MonotonicCondition
    ) {
        self.kind = kind
        self.rebalanceProtocol = rebalanceProtocol
        self.partitions = partitions
        self.interrupted = interrupted
        self.groupMetadata = groupMetadata
        self.condition = condition
    }

    /// Lets the rebalance continue. The first call counts, later ones do nothing.
    /// - Parameters:
    ///   - paused: for an assignment, the partitions that begin paused, of ``partitions`` and ``interrupted``: nothing of
    ///     them is delivered before ``KafkaConsumer/resume(_:)``.
    ///   - offsets: for an assignment, where ``partitions`` begin; without an entry at the committed offset.
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

    /// Lets an assignment continue with all of its partitions paused.
    public func completePaused() { complete(paused: affected) }

    /// The partitions whose owner changes or may have changed.
    var affected: Set<KafkaTopicPartition> { Set(partitions).union(interrupted) }

    /// The answer; to be read with the condition's lock held.
    var answer: Completion? { completion }
}
