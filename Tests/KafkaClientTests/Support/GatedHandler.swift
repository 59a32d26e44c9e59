import Foundation
import KafkaClient

/// A `RecordingHandler` whose consumer's thread can be held up between two polls, as on a machine without time for it:
/// what librdkafka has for the thread waits in its queue meanwhile.
final class GatedHandler: KafkaConsumerHandler {
    let recording: RecordingHandler
    private let gate = NSCondition()
    /// Under the gate's lock.
    nonisolated(unsafe) private var isShut = false
    nonisolated(unsafe) private var isHolding = false

    init(answer: @escaping @Sendable (KafkaRebalanceRequest) -> Void = { $0.complete() }) {
        recording = RecordingHandler(answer: answer)
    }

    var seen: RecordingHandler.Seen { recording.seen }

    /// Whether the thread is being held up.
    var holds: Bool { gate.withLock { isHolding } }

    /// Holds the thread up from its next turn on.
    func shut() { gate.withLock { isShut = true } }

    /// Lets the thread continue.
    func open() {
        gate.withLock {
            isShut = false
            gate.broadcast()
        }
    }

    func consumerPolled(_ consumer: KafkaConsumer) {
        gate.withLock {
            isHolding = isShut
            while isShut { gate.wait() }
            isHolding = false
        }
    }

    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
        recording.consumer(consumer, received: batch)
    }

    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
        recording.consumer(consumer, rebalances: request)
    }

    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest) {
        recording.consumer(consumer, gaveUpWaitingFor: request)
    }

    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError) {
        recording.consumer(consumer, failed: error)
    }
}
