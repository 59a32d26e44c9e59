import CRDKafka
import Logging

// The end of the consumer's thread.
//
// `rd_kafka_consumer_close` alone would do, were it not for librdkafka before 2.3 and 2.4:
// - closing a cooperative member that holds nothing sends no LeaveGroup, and the group waits until its session expires;
// - an assignment that arrives during the close can make it hang (its issue 4527);
// - destroying a cooperative member between its join and its first assignment fails an assertion (its issue 4381).
// So the member unsubscribes first and continues to poll until it holds nothing, which is an ordinary revocation.

extension ConsumerLoop {
    /// How long the thread waits for the end of a join, where leaving in the middle of it is not safe.
    private static let joinPatience = Duration.seconds(5)
    /// How long librdkafka may take to leave the group, once everything is revoked, and how long batches that are still
    /// held are waited for.
    private static let closeTimeout = Duration.seconds(10)

    func finish(_ handle: ClientHandle) {
        let isSafeToDestroy = leave(handle)
        // From here on nothing may yield the queue: librdkafka forwards it to the one that it waits on while it closes,
        // and ends that wait on a yield.
        let ownQueue = consumer.condition.withLock {
            defer { consumer.queue = nil }
            return consumer.queue
        }
        if let ownQueue { rd_kafka_queue_destroy(ownQueue) }
        consumer.releaseWaiters(after: Self.closeTimeout)
        let code = rd_kafka_consumer_close(handle.pointer)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            clientFailed(KafkaError(code, operation: "leave consumer group"))
        }
        gathered.destroy { _ in true }
        consumer.refuseFromNowOn()
        consumer.blockingCalls.close()
        if !isSafeToDestroy {
            logger.notice("Kafka consumer left in memory: it was closed while it was joining its group")
        } else if !handle.destroy(waitingUpTo: Self.closeTimeout) {
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
        if isStatic { return !isJoining }
        rd_kafka_unsubscribe(handle.pointer)
        // No rebalance revokes a fenced member's assignment.
        poll(handle, upTo: Self.closeTimeout) { assigned.isEmpty || handle.fatalError != nil }
        return !isJoining || hasBeenAssigned
    }

    private func poll(_ handle: ClientHandle, upTo bound: Duration, until isDone: () -> Bool) {
        let deadline = ContinuousClock.now + bound
        while !isDone(), ContinuousClock.now < deadline {
            runCommands()
            poll(handle)
            handler.consumerPolled(consumer)
        }
    }
}
