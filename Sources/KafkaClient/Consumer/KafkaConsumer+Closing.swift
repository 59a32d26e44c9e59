import CRDKafka
import Dispatch
import Foundation
import Logging

extension KafkaConsumer {
    /// The id by which the group knows this member. It is empty before the group has answered its first request to join,
    /// after its session has expired, and once the consumer is closing.
    public var memberID: String {
        // Under the lock: the thread begins to close the client only after the phase has changed.
        condition.withLock {
            guard phase == .open, let handle else { return "" }
            return handle.memberID
        }
    }

    /// Lets ``close()`` return even when librdkafka does not.
    func releaseWaiters(after bound: Duration) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(bound.milliseconds))) { [self] in
            let isStuck = condition.withLock { phase != .closed }
            guard isStuck else { return }
            logger.error("Kafka consumer did not leave its group in time")
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
