import CRDKafka
import Logging

/// What librdkafka's callbacks find behind their opaque pointer: the logger, and the object that handles the client's
/// events.
///
/// Sound to share: the logger is Sendable, and `events` is used where the client is polled only, which is where
/// librdkafka serves every callback but the log's: the consumer's or the producer's own thread. Clients that are
/// polled from several threads have `LoggedEvents`, which are Sendable.
final class ClientContext: @unchecked Sendable {
    let logger: Logger
    let events: any ClientEvents

    init(logger: Logger, events: any ClientEvents) {
        self.logger = logger
        self.events = events
    }

    static func of(_ opaque: UnsafeMutableRawPointer?) -> ClientContext? {
        opaque.map { Unmanaged<ClientContext>.fromOpaque($0).takeUnretainedValue() }
    }

    static func install(_ context: Unmanaged<ClientContext>, in native: OpaquePointer, for role: ClientHandle.Role) {
        rd_kafka_conf_set_opaque(native, context.toOpaque())
        rd_kafka_conf_set_log_cb(native) { client, level, facility, text in
            guard let client, let context = ClientContext.of(rd_kafka_opaque(client)) else { return }
            context.log(level: level, facility: facility, text: text, client: client)
        }
        rd_kafka_conf_set_error_cb(native) { client, code, text, opaque in
            guard let client, let context = ClientContext.of(opaque) else { return }
            context.failed(client: client, code: rd_kafka_resp_err_t(code), text: text)
        }
        switch role {
        case .producer:
            rd_kafka_conf_set_dr_msg_cb(native) { _, message, opaque in
                guard let message else { return }
                ClientContext.of(opaque)?.events.messageDelivered(message)
            }
        case .consumer:
            rd_kafka_conf_set_rebalance_cb(native) { _, code, partitions, opaque in
                guard let partitions else { return }
                ClientContext.of(opaque)?.events.rebalance(code, partitions)
            }
        }
    }

    private func failed(client: OpaquePointer, code: rd_kafka_resp_err_t, text: UnsafePointer<CChar>?) {
        var error = KafkaError(code, operation: "use Kafka client", message: text.map { String(cString: $0) })
        error.fault = error.code.faultWhileAlive
        if code == RD_KAFKA_RESP_ERR__FATAL {
            let cause = ErrorText.filled { buffer, size in
                error.code = KafkaErrorCode(rd_kafka_fatal_error(client, buffer, size))
            }
            error.message = cause
            error.fault = error.code.faultWhenFatal
        }
        events.clientFailed(error)
    }

    private func log(level: Int32, facility: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?, client: OpaquePointer)
    {
        logger.log(
            level: Self.level(syslog: level),
            "Kafka client message",
            metadata: [
                "kafka.client": .string(rd_kafka_name(client).map { String(cString: $0) } ?? ""),
                "kafka.facility": .string(facility.map { String(cString: $0) } ?? ""),
                "kafka.message": .string(text.map { String(cString: $0) } ?? ""),
            ]
        )
    }

    /// librdkafka uses syslog's levels, 0 (emergency) to 7 (debug).
    static func level(syslog level: Int32) -> Logger.Level {
        switch level {
        case ...2: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }
}
