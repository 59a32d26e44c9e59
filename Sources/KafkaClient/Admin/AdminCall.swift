import CRDKafka

/// One admin request of ``KafkaAdmin``: sends it and reads its result.
struct AdminCall {
    let operation: String
    let api: rd_kafka_admin_op_t
    let timeout: Duration
    /// Whether the broker is to wait with its answer until the change has reached all brokers.
    var waitsForCompletion = false

    /// Sends a request and reads its result while librdkafka still owns it.
    func run<R>(
        _ client: OpaquePointer,
        request: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
        result: (OpaquePointer) throws(KafkaError) -> R
    ) throws(KafkaError) -> R {
        let queue = rd_kafka_queue_new(client)
        defer { rd_kafka_queue_destroy(queue) }
        let options = rd_kafka_AdminOptions_new(client, api)
        defer { rd_kafka_AdminOptions_destroy(options) }
        var discarded = [CChar](repeating: 0, count: 256)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, &discarded, discarded.count)
        if waitsForCompletion {
            rd_kafka_AdminOptions_set_operation_timeout(options, timeout.milliseconds, &discarded, discarded.count)
        }
        request(options, queue)
        // librdkafka reports the time-out itself; the additional second is for its own thread.
        guard let event = rd_kafka_queue_poll(queue, timeout.milliseconds &+ 1000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            let text = rd_kafka_event_error_string(event).map { String(cString: $0) }
            throw KafkaError(code, operation: operation, message: text)
        }
        return try result(event)
    }
}
