import CRDKafka
import Dispatch
import Foundation
import Logging

// The end of the consumer's thread.
//
// `rd_kafka_consumer_close` alone would do, were it not for librdkafka before 2.3 and 2.4:
// - closing a cooperative member that holds nothing sends no LeaveGroup, and the group waits until its session expires;
// - an assignment that arrives while the close is under way can make it hang (its issue 4527);
// - destroying a cooperative member between its join and its first assignment fails an assertion (its issue 4381).
// So the member unsubscribes first and goes on polling until it holds nothing, which is an ordinary revocation.

extension KafkaConsumer {
    /// How long a join that is under way is waited for, where leaving in the middle of it is not safe.
    private static let joinPatience = Duration.seconds(5)

    func finish(_ handle: ClientHandle) {
        let isSafeToDestroy = leave(handle)
        // From here on nothing may yield the queue: librdkafka forwards it to the one that it waits on while it closes,
        // and takes a yield there for the end.
        let ownQueue = condition.withLock {
            defer { queue = nil }
            return queue
        }
        if let ownQueue { rd_kafka_queue_destroy(ownQueue) }
        releaseWaiters(after: options.closeTimeout)
        let code = rd_kafka_consumer_close(handle.pointer)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            clientFailed(KafkaError(code, operation: "leave consumer group"))
        }
        gathered.destroy { _ in true }
        refuseFromNowOn()
        blockingCalls.close()
        if !isSafeToDestroy {
            logger.notice("Kafka consumer left in memory: it was closed while it was joining its group")
        } else if !handle.destroy(waitingUpTo: options.closeTimeout) {
            logger.error("Kafka consumer left in memory: record batches are still held")
        }
        releaseWaiters()
    }

    /// Hands back what the member holds and leaves the group.
    ///
    /// A static member stays in its group: whoever comes back under its `group.instance.id` before the session expires
    /// takes its place, and nothing moves. Unsubscribing would send a LeaveGroup; closing alone revokes without one.
    /// - Returns: whether the client may be destroyed.
    private func leave(_ handle: ClientHandle) -> Bool {
        guard hasSubscribed else { return true }
        let mustWaitForJoin = rd_kafka_version() < 0x0203_0000
        if mustWaitForJoin {
            poll(handle, upTo: Self.joinPatience) { hasRebalanced || memberID(handle).isEmpty }
        }
        let isSafeToDestroy = hasRebalanced || !mustWaitForJoin || memberID(handle).isEmpty
        if isStatic { return isSafeToDestroy }
        rd_kafka_unsubscribe(handle.pointer)
        // A fenced member's assignment is nobody's to revoke any more.
        poll(handle, upTo: options.closeTimeout) { assigned.isEmpty || handle.fatalError != nil }
        return isSafeToDestroy || hasRebalanced || memberID(handle).isEmpty
    }

    private func poll(_ handle: ClientHandle, upTo bound: Duration, until isDone: () -> Bool) {
        let deadline = ContinuousClock.now + bound
        while !isDone(), ContinuousClock.now < deadline {
            runCommands()
            poll(handle)
            handler.consumerPolled(self)
        }
    }

    /// Empty before the group has answered the first request to join.
    private func memberID(_ handle: ClientHandle) -> String {
        guard let text = rd_kafka_memberid(handle.pointer) else { return "" }
        defer { rd_kafka_mem_free(handle.pointer, text) }
        return String(cString: text)
    }

    /// Lets ``close()`` return even when librdkafka does not.
    private func releaseWaiters(after bound: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(bound.milliseconds))) { [self] in
            let isStuck = condition.withLock { phase != .closed }
            guard isStuck else { return }
            logger.error("Kafka consumer did not leave its group in time")
            refuseFromNowOn()
            releaseWaiters()
        }
    }

    private func refuseFromNowOn() {
        let refused = condition.withLock {
            phase = .closed
            defer { commands.removeAll() }
            return commands
        }
        for command in refused { command.refuse() }
    }

    private func releaseWaiters() {
        let waiters = condition.withLock {
            defer { closeWaiters.removeAll() }
            return closeWaiters
        }
        for waiter in waiters { waiter() }
    }
}
