import CRDKafka
import Logging
import Primitives

/// Owns one `rd_kafka_t`: the librdkafka client behind each consumer, producer, admin client and reader.
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
    private let credentials: KafkaCredentials?
    private let condition = MonotonicCondition()
    /// Record batches that still hold messages of this client.
    private var batches = 0

    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration``.
    init(
        _ role: Role,
        properties: [String: String],
        credentials: KafkaCredentials?,
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
        self.credentials = credentials
        credentials?.register(made)
    }

    /// The error that ended this client, if one has.
    var fatalError: KafkaError? {
        var code = RD_KAFKA_RESP_ERR_NO_ERROR
        let text = ErrorText.filled { code = rd_kafka_fatal_error(pointer, $0, $1) }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        var error = KafkaError(code, operation: "use Kafka client", message: text)
        error.fault = error.code.faultWhenFatal
        return error
    }

    /// A consumer's id in its group. Empty before the group has answered the first request to join, and after it has
    /// excluded the member.
    var memberID: String {
        guard let text = rd_kafka_memberid(pointer) else { return "" }
        defer { rd_kafka_mem_free(pointer, text) }
        return String(cString: text)
    }

    /// A consumer's id while it is a member of its group; empty otherwise. With ``KafkaGroupProtocol/consumer`` it has an id
    /// before it joins, too.
    func memberID(_ groupProtocol: KafkaGroupProtocol) -> String {
        switch groupProtocol {
        case .classic: memberID
        case .consumer: KafkaGroupMetadata(of: self, groupProtocol)?.memberID ?? ""
        }
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

    /// Destroys the client once no caller holds a batch of its records any more.
    ///
    /// A message that outlives its client would point into freed memory. A client with a batch that is held for
    /// longer than the bound is never destroyed: a leak is better than a use after free.
    /// - Returns: whether the client was destroyed.
    func destroy(waitingUpTo bound: Duration) -> Bool {
        let deadline = ContinuousClock.now + bound
        let free = condition.withLock {
            while batches > 0 {
                guard condition.wait(until: deadline) else { return batches == 0 }
            }
            return true
        }
        guard free else { return false }
        credentials?.unregister(pointer)
        rd_kafka_destroy(pointer)
        context.release()
        return true
    }

    /// Destroys a client that no caller uses any more, and waits for that, at most for a bound.
    func close(within bound: Duration) async {
        _ = await waiting(within: bound) { self.destroy(waitingUpTo: .zero) }
    }
}
