import CRDKafka

/// librdkafka's configuration for one new client, with errors that name the property.
///
/// After a successful `rd_kafka_new` the client owns the memory. In all other cases the caller must call ``discard()``.
struct NativeConfiguration {
    let pointer: OpaquePointer

    /// Properties that this library's guarantees depend on, so that callers must not set them.
    private static let reserved: Set<String> = [
        "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "transactional.id", "group.id",
        "isolation.level", "opaque", "log_cb", "error_cb", "stats_cb", "dr_msg_cb", "dr_cb", "rebalance_cb",
        "offset_commit_cb", "enabled_events", "bootstrap.servers", "metadata.broker.list", "group.protocol",
    ]

    /// - Throws: ``KafkaError`` naming the first property that is wrong, in alphabetical order.
    init(_ properties: [String: String]) throws(KafkaError) {
        pointer = rd_kafka_conf_new()
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            do throws(KafkaError) {
                try set(name, value)
            } catch {
                discard()
                throw error
            }
        }
    }

    func discard() { rd_kafka_conf_destroy(pointer) }

    private func set(_ name: String, _ value: String) throws(KafkaError) {
        var result = RD_KAFKA_CONF_OK
        let text = ErrorText.filled { buffer, size in
            result = rd_kafka_conf_set(pointer, name, value, buffer, size)
        }
        switch result {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN:
            throw Self.wrong(name, code: .invalidArgument, message: "librdkafka has no such property")
        default:
            // librdkafka repeats the value in its message, so a secret's message is not passed on.
            let message = Self.holdsSecret(name) ? "the value is not valid" : text
            throw Self.wrong(name, code: .invalidArgument, message: message)
        }
    }

    static func refuseReserved(_ properties: [String: String]) throws(KafkaError) {
        guard let name = properties.keys.sorted().first(where: reserved.contains) else { return }
        throw wrong(name, code: .invalidArgument, message: "this property is set by the client itself")
    }

    static func wrong(_ property: String, code: KafkaErrorCode, message: String) -> KafkaError {
        KafkaError(
            fault: .configuration,
            code: code,
            message: message,
            operation: "configure Kafka client",
            property: property
        )
    }

    private static func holdsSecret(_ name: String) -> Bool {
        ["password", "secret", "token", ".pem", "oauthbearer.config", "jaas"].contains { name.contains($0) }
    }
}
