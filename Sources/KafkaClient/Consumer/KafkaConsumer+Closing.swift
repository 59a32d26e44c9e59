import CRDKafka
import Dispatch
import Foundation
import Logging
import Primitives

extension KafkaConsumer {
    /// The id by which the group knows this member. It is empty before the group has answered its first request to join,
    /// after its session has expired, and once the consumer is closing.
    public var memberID: String {
        // Under the lock: the thread begins to close the client only after the phase has changed.
        condition.withLock {
            guard phase == .open, let handle else { return "" }
            return handle.memberID(groupProtocol)
        }
    }

    /// Lets ``close(within:)`` return even when the handler or librdkafka does not.
    func releaseWaiters(at end: ContinuousClock.Instant) {
        let rest = max(end - .now, .zero)
        timerQueue.asyncAfter(deadline: .now() + .milliseconds(Int(rest.milliseconds))) { [weak self] in
            // Without waiters it has ended.
            guard let self, condition.withLock({ !closeWaiters.isEmpty }) else { return }
            logger.error("Kafka consumer did not close in time, its client is left in memory")
            refuseFromNowOn()
            releaseWaiters()
        }
    }

    func refuseFromNowOn() {
        let refused = condition.withLock {
            phase = .closed
            defer { commands.removeAll() }
            return commands
        }
        for command in refused { command.refuse() }
    }

    func releaseWaiters() {
        let waiters = condition.withLock {
            defer { closeWaiters.removeAll() }
            return closeWaiters
        }
        for waiter in waiters { waiter() }
    }
}
