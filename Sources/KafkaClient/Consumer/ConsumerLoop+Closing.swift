import CRDKafka
import Logging
import Primitives

// The end of the consumer's thread.
//
// `rd_kafka_consumer_close` alone would do, were it not for librdkafka before 2.3 and 2.4:
// - closing a cooperative member that holds nothing sends no LeaveGroup, and the group waits until its session expires;
// - an assignment without partitions that arrives during the close can make it hang (its issue 4527);
// - destroying a cooperative member between its join and its first assignment fails an assertion (its issue 4381).
// So the member unsubscribes first and continues to poll until it has left, which is an ordinary revocation. While the
// group rebalances, librdkafka applies that only after the next assignment, which is declined.

extension ConsumerLoop {
    /// How long the thread waits for the end of a join, where leaving in the middle of it is not safe.
    private static let joinPatience = Duration.seconds(5)
    /// How long the thread waits for the end of a rebalance before it closes in the middle of it. A member that holds
    /// partitions then leaves its group all the same; one without has to wait until its session expires.
    private static let patienceWithPartitions = Duration.seconds(3)
    private static let patienceWithoutPartitions = Duration.seconds(10)
    /// How long librdkafka may take to end the membership, and how long batches that are still held are waited for.
    private static let closeTimeout = Duration.seconds(10)

    func finish(_ handle: ClientHandle) {
        let isSafeToDestroy = leave(handle)
        // From here on nothing may yield the queue: librdkafka forwards it to the one that it waits on while it closes,
        // and ends that wait on a yield.
        let (ownQueue, limits) = consumer.condition.withLock {
            defer { consumer.queue = nil }
            return (consumer.queue, consumer.closingLimits)
        }
        if let ownQueue { rd_kafka_queue_destroy(ownQueue) }
        let end = min(.now + Self.closeTimeout, limits?.end ?? .now)
        consumer.releaseWaiters(at: end)
        isTerminating = true
        let code = rd_kafka_consumer_close(handle.pointer)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            clientFailed(KafkaError(code, operation: "leave consumer group"))
        }
        gathered.destroy { _ in true }
        consumer.refuseFromNowOn()
        consumer.blockingCalls.close()
        if !isSafeToDestroy {
            logger.notice("Kafka consumer left in memory: it was closed while it was joining its group")
        } else if !handle.destroy(waitingUpTo: end - .now) {
            logger.error("Kafka consumer left in memory: record batches are still held")
        }
        consumer.releaseWaiters()
    }

    /// Releases the member's partitions and leaves the group.
    ///
    /// A static member stays in its group: the process that joins under its `group.instance.id` before the session expires
    /// takes its place, and nothing moves. Unsubscribing would send a LeaveGroup; closing alone revokes without one.
    /// - Returns: whether the client may be destroyed.
    private func leave(_ handle: ClientHandle) -> Bool {
        guard hasSubscribed else { return true }
        let mustWaitForJoin = rd_kafka_version() < 0x0203_0000
        if mustWaitForJoin {
            poll(handle, upTo: Self.joinPatience) { hasBeenAssigned || handle.memberID.isEmpty }
        }
        // Read before the member leaves: leaving removes its id, but not the state that its join has left behind.
        let isJoining = mustWaitForJoin && !hasBeenAssigned && !handle.memberID.isEmpty
        if isStatic {
            // Declines an assignment that waits.
            poll(handle)
            return !isJoining
        }
        rd_kafka_unsubscribe(handle.pointer)
        let start = ContinuousClock.now
        poll(handle, upTo: Self.patienceWithoutPartitions) {
            // No rebalance revokes a fenced member's assignment.
            if handle.fatalError != nil { return true }
            if assigned.isEmpty { return handle.memberID.isEmpty }
            return ContinuousClock.now - start > Self.patienceWithPartitions
        }
        return !isJoining || hasBeenAssigned
    }

    private func poll(_ handle: ClientHandle, upTo bound: Duration, until isDone: () -> Bool) {
        let limit = consumer.condition.withLock { consumer.closingLimits?.revocation } ?? .now
        let deadline = min(.now + bound, limit)
        while !isDone(), ContinuousClock.now < deadline {
            runCommands()
            poll(handle)
            handler.consumerPolled(consumer)
        }
    }
}
