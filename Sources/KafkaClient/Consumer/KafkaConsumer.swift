import CRDKafka
import Foundation
public import Logging
import Primitives

/// A member of a consumer group, on a thread of its own.
///
/// The thread polls, delivers records in batches and serves the group's rebalances, all through a
/// ``KafkaConsumerHandler``. The operations may be called from anywhere and never block a thread of Swift's pool.
///
/// A consumer lives until ``close(within:)``: releasing the last reference does not end it.
///
/// Sound to share: `commands`, `phase`, `queue`, `closeWaiters` and `closingLimits` are under the condition's lock, and
/// nothing else changes after `init`. What belongs to the consumer's thread is in its `ConsumerLoop`.
public final class KafkaConsumer: @unchecked Sendable {
    let logger: Logger

    // Under the condition's lock.
    let condition = MonotonicCondition()
    var phase = Phase.open
    var commands: [Command] = []
    var closeWaiters: [@Sendable () -> Void] = []
    /// Set by the first call of ``close(within:)``.
    var closingLimits: ClosingLimits?
    /// The consumer's queue, kept for waking the thread.
    var queue: OpaquePointer?

    /// Set once, at the end of `init`, before the thread starts.
    private(set) var handle: ClientHandle?
    let blockingCalls = BlockingCalls(label: "kafka-consumer-calls")

    enum Phase {
        case open, closing, closed
    }

    /// What is to be done on the consumer's thread.
    struct Command: Sendable {
        var run: @Sendable (ConsumerLoop) -> Void
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
        self.logger = logger
        try NativeConfiguration.refuseReserved(configuration.properties)
        let loop = ConsumerLoop(
            self,
            handler,
            rebalanceTimeout: options.rebalanceTimeout,
            isStatic: !(configuration.properties["group.instance.id"] ?? "").isEmpty
        )
        let handle = try ClientHandle(
            .consumer,
            properties: options.properties(over: configuration, groupID: groupID),
            credentials: configuration.credentials,
            logger: logger,
            events: loop
        )
        self.handle = handle
        rd_kafka_poll_set_consumer(handle.pointer)
        queue = rd_kafka_queue_get_consumer(handle.pointer)
        // The thread keeps the consumer alive until it is closed.
        let start = ThreadStart(loop)
        let thread = Thread {
            Thread.current.name = "kafka-consumer"
            start.loop.run()
        }
        thread.start()
    }

    /// Passes the loop to its thread.
    ///
    /// Sound to share: nothing uses the loop between its creation and the thread's start, and only the thread uses it
    /// afterwards. librdkafka's callbacks, which use it too, are served by that thread's polls.
    private struct ThreadStart: @unchecked Sendable {
        let loop: ConsumerLoop

        init(_ loop: ConsumerLoop) { self.loop = loop }
    }

    /// Leaves the group and ends the consumer: a last revocation reaches the handler, then nothing more. An assignment that
    /// arrives meanwhile is declined without the handler.
    ///
    /// Returns when the member has left, or at the end of the bound: a client that is not closed then leaks, and the group
    /// removes its member when the session expires. Operations throw ``KafkaFault/closed`` afterwards. Calling it again waits
    /// for the first call's end, and may shorten the bound.
    /// - Parameter bound: how long it may take altogether. A part of it is for the handler to complete the last revocation.
    public func close(within bound: Duration = .seconds(60)) async {
        let limits = ClosingLimits(bound, from: .now)
        await withCheckedContinuation { continuation in
            let isClosed = condition.withLock {
                if phase == .closed { return true }
                phase = .closing
                closingLimits?.shorten(limits)
                closingLimits = closingLimits ?? limits
                closeWaiters.append { continuation.resume() }
                wake()
                return false
            }
            if isClosed { continuation.resume() } else { releaseWaiters(at: limits.end) }
        }
    }

    /// Wakes the thread from its poll. The condition's lock must be held.
    func wake() {
        condition.broadcast()
        if let queue { rd_kafka_queue_yield(queue) }
    }
}
