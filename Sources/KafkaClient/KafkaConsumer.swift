import CRDKafka
import Foundation
public import Logging

/// A member of a consumer group, on a thread of its own.
///
/// The thread polls, hands records over in batches and serves the group's rebalances, all through a
/// ``KafkaConsumerHandler``. The operations may be called from anywhere and never block a thread of Swift's pool.
///
/// A consumer lives until ``close()``: letting go of the last reference does not end it.
///
/// Sound to share: `commands`, `phase`, `queue` and `closeWaiters` are under the condition's lock; what is marked as
/// the thread's own is touched by the consumer's thread only.
public final class KafkaConsumer: @unchecked Sendable {
    let handler: any KafkaConsumerHandler
    let options: Options
    let logger: Logger
    /// Whether the group knows this member by a `group.instance.id`, and so keeps its place while it restarts.
    let isStatic: Bool
    /// The consumer group's id.
    public let groupID: String

    // Under the condition's lock.
    let condition = NSCondition()
    var phase = Phase.open
    var commands: [Command] = []
    var closeWaiters: [@Sendable () -> Void] = []
    /// The consumer's queue, kept for waking the thread.
    var queue: OpaquePointer?

    /// Set once, at the end of `init`, before the thread starts.
    private(set) var handle: ClientHandle?
    let blockingCalls: BlockingCalls

    // The thread's own.
    let gathered: GatheredMessages
    var topicNames = TopicNames()
    var assigned: Set<KafkaTopicPartition> = []
    var paused: Set<KafkaTopicPartition> = []
    /// How far each partition's delivery has come.
    var progress = DeliveryProgress()
    /// Whether ``subscribe(_:)`` has been called, and whether the group has answered with a rebalance since.
    var hasSubscribed = false
    var hasRebalanced = false
    /// Partitions that were paused when they were taken away; librdkafka keeps its mark on them.
    var pausedWhenRevoked: Set<KafkaTopicPartition> = []

    enum Phase {
        case open, closing, closed
    }

    /// What is to be done on the consumer's thread.
    struct Command: Sendable {
        var run: @Sendable (KafkaConsumer) -> Void
        var refuse: @Sendable () -> Void
    }

    /// Joins no group yet: ``subscribe(_:)`` does.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public init(
        configuration: KafkaConfiguration,
        groupID: String,
        options: Options = Options(),
        handler: any KafkaConsumerHandler,
        logger: Logger
    ) throws(KafkaError) {
        self.groupID = groupID
        self.options = options
        self.handler = handler
        self.logger = logger
        isStatic = !(configuration.properties["group.instance.id"] ?? "").isEmpty
        blockingCalls = BlockingCalls(label: "kafka-consumer-calls")
        gathered = GatheredMessages(capacity: max(options.maxBatchCount, 1))
        try NativeConfiguration.refuseReserved(configuration.properties)
        let handle = try ClientHandle(
            .consumer,
            properties: options.properties(over: configuration, groupID: groupID),
            logger: logger,
            events: self
        )
        self.handle = handle
        rd_kafka_poll_set_consumer(handle.pointer)
        queue = rd_kafka_queue_get_consumer(handle.pointer)
        // The thread keeps the consumer alive until it is closed.
        let thread = Thread {
            Thread.current.name = "kafka-consumer"
            self.run()
        }
        thread.start()
    }

    /// Leaves the group and ends the consumer: a last revocation reaches the handler, then nothing more.
    ///
    /// Returns when the member has left. Operations throw ``KafkaFault/closed`` afterwards. Calling it again waits
    /// for the first call's end. It waits no longer than ``Options/rebalanceTimeout`` for the handler and then
    /// ``Options/closeTimeout`` for librdkafka and for batches that are still held; the client leaks if that is not
    /// enough.
    public func close() async {
        await withCheckedContinuation { continuation in
            let isClosed = condition.withLock {
                if phase == .closed { return true }
                phase = .closing
                closeWaiters.append { continuation.resume() }
                wake()
                return false
            }
            if isClosed { continuation.resume() }
        }
    }

    /// Gets the thread out of its poll. The condition's lock must be held.
    func wake() {
        condition.broadcast()
        if let queue { rd_kafka_queue_yield(queue) }
    }
}

extension KafkaConsumer {
    /// How a consumer works.
    public struct Options: Sendable {
        /// What the consumer sees of transactions.
        public enum Isolation: String, Sendable, Hashable {
            /// Records of committed transactions only, and nothing beyond the first open one.
            case readCommitted = "read_committed"
            /// Everything, aborted records too.
            case readUncommitted = "read_uncommitted"
        }

        /// Where a partition begins for which the group has committed no offset.
        public enum InitialOffset: String, Sendable, Hashable {
            /// With the oldest record.
            case earliest
            /// With what comes next.
            case latest
            /// Nowhere: it is an error.
            case error
        }

        /// The most records in one batch.
        public var maxBatchCount = 1000
        /// How long one poll waits for records, and so how often the thread shows a sign of life.
        public var pollInterval: Duration = .milliseconds(100)
        /// How long the consumer's thread waits for a rebalance request to be completed. Keep it below
        /// `max.poll.interval.ms`, after which the group does without this member.
        public var rebalanceTimeout: Duration = .seconds(60)
        /// See ``Isolation``.
        public var isolation = Isolation.readCommitted
        /// See ``InitialOffset``.
        public var initialOffset = InitialOffset.earliest
        /// Whether the handler is told when a partition has no more records.
        public var reportsPartitionEnd = false
        /// How long ``KafkaConsumer/close()`` waits for librdkafka to leave the group, once everything is revoked, and
        /// for batches that somebody still holds.
        public var closeTimeout: Duration = .seconds(10)

        /// The defaults.
        public init() {}

        /// The properties of a consumer with these options. Assignment is cooperative unless the configuration says
        /// otherwise; offsets are committed by the caller alone.
        func properties(over configuration: KafkaConfiguration, groupID: String) -> [String: String] {
            var all = configuration.base(adding: [
                "partition.assignment.strategy": "cooperative-sticky",
                "auto.offset.reset": initialOffset.rawValue,
            ])
            all["group.id"] = groupID
            all["enable.auto.commit"] = "false"
            all["enable.auto.offset.store"] = "false"
            all["isolation.level"] = isolation.rawValue
            all["enable.partition.eof"] = reportsPartitionEnd ? "true" : "false"
            return all
        }
    }
}
