import CRDKafka
import Foundation

/// A broker inside this process: librdkafka's mock cluster, which speaks Kafka's protocol on loopback TCP ports.
///
/// For demos, sandboxes and tests. It is not Kafka: see ``limits``. Everything is in memory and gone after
/// ``close()``. Other processes on the machine can connect.
///
/// Sendable because librdkafka's mock calls are safe from any thread, and the lock prevents calls on a closed cluster.
public final class EmbeddedKafka: @unchecked Sendable {
    /// The `bootstrap.servers` of the cluster.
    public let bootstrapServers: String
    /// The brokers' number; their ids are 1 to this.
    public let brokerCount: Int

    private let lock = NSLock()
    private var client: OpaquePointer?
    private var cluster: OpaquePointer?

    /// Starts a cluster.
    /// - Parameter brokers: the number of brokers, at least 1.
    /// - Throws: ``EmbeddedKafkaError`` when librdkafka cannot start it, for example without free sockets.
    public init(brokers: Int = 1) throws(EmbeddedKafkaError) {
        let configuration = rd_kafka_conf_new()
        // The client that owns the cluster opens no connection; only the error of its start matters.
        rd_kafka_conf_set_log_cb(configuration) { _, _, _, _ in }
        var text = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw EmbeddedKafkaError(operation: "start", reason: Self.string(text))
        }
        guard let cluster = rd_kafka_mock_cluster_new(client, Int32(clamping: brokers)),
            let servers = rd_kafka_mock_cluster_bootstraps(cluster)
        else {
            rd_kafka_destroy(client)
            throw EmbeddedKafkaError(operation: "start", reason: "librdkafka could not make a mock cluster")
        }
        self.client = client
        self.cluster = cluster
        bootstrapServers = String(cString: servers)
        brokerCount = brokers
    }

    /// Stops the brokers and deletes all data. Close the clients first; they lose their connections otherwise.
    /// Blocks briefly. Does nothing when called again.
    public func close() {
        let (cluster, client) = lock.withLock {
            defer {
                self.cluster = nil
                self.client = nil
            }
            return (self.cluster, self.client)
        }
        if let cluster { rd_kafka_mock_cluster_destroy(cluster) }
        if let client { rd_kafka_destroy(client) }
    }

    /// Creates a topic. A request for a topic that does not exist creates it with four partitions.
    public func createTopic(_ name: String, partitions: Int, replicationFactor: Int = 1) throws(EmbeddedKafkaError) {
        try call("create topic \(name)") {
            rd_kafka_mock_topic_create($0, name, Int32(clamping: partitions), Int32(clamping: replicationFactor))
        }
    }

    /// Runs a call on the cluster.
    func call(_ operation: String, _ body: (OpaquePointer) -> rd_kafka_resp_err_t) throws(EmbeddedKafkaError) {
        lock.lock()
        defer { lock.unlock() }
        guard let cluster else { throw EmbeddedKafkaError(operation: operation, reason: "the cluster is closed") }
        let code = body(cluster)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        let reason = rd_kafka_err2str(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
        throw EmbeddedKafkaError(operation: operation, reason: reason)
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// An operation of the embedded broker failed.
public struct EmbeddedKafkaError: Error, Sendable, CustomStringConvertible {
    /// The operation.
    public let operation: String
    /// The reason.
    public let reason: String

    /// One line.
    public var description: String { "embedded Kafka: \(operation) failed: \(reason)" }
}
