import CRDKafka
import Foundation
import Logging

/// What librdkafka calls back with. All but the logs are called on the thread that polls the client.
protocol ClientEvents: AnyObject {
    /// An error that concerns the client as a whole.
    func clientFailed(_ error: KafkaError)
    /// The statistics document, every `statistics.interval.ms`.
    func statisticsArrived(_ statistics: KafkaStatistics)
    /// A produced message's end; `message.pointee.err` tells which.
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>)
    /// The group gives or takes partitions; must assign or unassign before it returns.
    func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>)
}

extension ClientEvents {
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>) {}
    func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {}
}

/// Owns one `rd_kafka_t`.
///
/// Sound to share: librdkafka's calls are safe from any thread, and what is mutable here is under the condition's
/// lock. It is destroyed by ``destroy(waitingUpTo:)`` only, never by `deinit`: destruction blocks.
final class ClientHandle: @unchecked Sendable {
    enum Role {
        case consumer, producer

        var native: rd_kafka_type_t { self == .consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER }
    }

    let pointer: OpaquePointer
    private let context: Unmanaged<ClientContext>
    private let condition = NSCondition()
    /// Record batches that still hold messages of this client.
    private var batches = 0

    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration``.
    init(
        _ role: Role,
        properties: [String: String],
        logger: Logger,
        events: any ClientEvents
    ) throws(KafkaError) {
        let configuration = try NativeConfiguration(properties)
        let context = Unmanaged.passRetained(ClientContext(logger: logger, events: events))
        ClientContext.install(context, in: configuration.pointer, for: role)
        var made: OpaquePointer?
        let text = ErrorText.filled { buffer, size in
            made = rd_kafka_new(role.native, configuration.pointer, buffer, size)
        }
        guard let made else {
            let code = KafkaErrorCode(rd_kafka_last_error())
            configuration.discard()
            context.release()
            throw KafkaError(
                fault: .configuration,
                code: code,
                message: text,
                operation: "create Kafka \(role)"
            )
        }
        self.pointer = made
        self.context = context
    }

    /// The name under which librdkafka logs this client.
    var name: String { rd_kafka_name(pointer).map { String(cString: $0) } ?? "rdkafka" }

    /// The error that ended this client, if one has.
    var fatalError: KafkaError? {
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        let text = ErrorText.filled { code = rd_kafka_fatal_error(pointer, $0, $1) }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        var error = KafkaError(code, operation: "use Kafka client", message: text)
        error.fault = error.code.faultWhenFatal
        return error
    }

    func batchMade() {
        condition.withLock { batches += 1 }
    }

    func batchDestroyed() {
        condition.withLock {
            batches -= 1
            if batches == 0 { condition.broadcast() }
        }
    }

    /// Destroys the client once nobody holds a batch of its records any more.
    ///
    /// A message that outlives its client would point into freed memory. Whoever keeps a batch for longer than the
    /// bound gets a client that is never destroyed: a leak, which is the lesser evil.
    /// - Returns: whether the client was destroyed.
    func destroy(waitingUpTo bound: Duration) -> Bool {
        let deadline = Date(timeIntervalSinceNow: Double(bound.milliseconds) / 1000)
        let free = condition.withLock {
            while batches > 0 {
                guard condition.wait(until: deadline) else { return batches == 0 }
            }
            return true
        }
        guard free else { return false }
        rd_kafka_destroy(pointer)
        context.release()
        return true
    }
}
