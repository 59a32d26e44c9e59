import CRDKafka
import Foundation

extension KafkaAdmin {
    /// The brokers of the cluster, by id, under the addresses that clients are to connect to.
    ///
    /// - Throws: ``KafkaError`` when no broker answers in time.
    public func brokers(timeout: Duration = .seconds(10)) async throws(KafkaError) -> [KafkaBroker] {
        try await blocking("list brokers", timeout) { (client) throws(KafkaError) in
            var metadata: UnsafePointer<rd_kafka_metadata>?
            try KafkaError.check(rd_kafka_metadata(client, 0, nil, &metadata, timeout.milliseconds), "list brokers")
            guard let metadata else { return [] }
            defer { rd_kafka_metadata_destroy(metadata) }
            return UnsafeBufferPointer(start: metadata.pointee.brokers, count: Int(metadata.pointee.broker_cnt))
                .map { KafkaBroker(id: $0.id, host: $0.host.map { String(cString: $0) } ?? "", port: $0.port) }
                .sorted { $0.id < $1.id }
        }
    }

    /// Opens a connection to each broker of the cluster, and closes it again. A client gets the metadata from one broker, and
    /// needs connections to all of them.
    ///
    /// - Parameter timeout: how long one connection may take.
    /// - Returns: the brokers that could not be reached.
    /// - Throws: ``KafkaError`` when the cluster does not list its brokers.
    public func unreachableBrokers(
        timeout: Duration = .seconds(3)
    ) async throws(KafkaError) -> [KafkaConnectionFailure] {
        var failures: [KafkaConnectionFailure] = []
        for broker in try await brokers(timeout: timeout) {
            let message = try await calls.run("connect to broker", within: .seconds(30)) { () throws(KafkaError) in
                TCPConnection.problem(host: broker.host, port: broker.port, timeout: timeout)
            }
            if let message { failures.append(KafkaConnectionFailure(broker: broker, message: message)) }
        }
        return failures
    }

    /// The host and the port of a bootstrap server: `host`, `host:port`, `[IPv6]` or `[IPv6]:port`, with or without a protocol.
    static func address(_ server: Substring) -> (host: String, port: Int32) {
        let text = server.split(separator: "/").last?.filter { $0 != " " } ?? ""
        let hostEnd = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.lastIndex(of: ":") ?? text.endIndex
        let host = text[..<hostEnd].filter { $0 != "[" && $0 != "]" }
        return (host, Int32(text[hostEnd...].dropFirst()) ?? 9_092)
    }

    /// Whether every bootstrap server refuses connections: no process listens there.
    ///
    /// - Parameters:
    ///   - servers: `host:port`, separated by commas.
    ///   - timeout: how long one connection may take.
    public static func isRefused(_ servers: String, timeout: Duration = .seconds(1)) async -> Bool {
        let addresses = servers.split(separator: ",").map(address)
        guard !addresses.isEmpty else { return false }
        return await withCheckedContinuation { continuation in
            Thread {
                continuation.resume(
                    returning: addresses.allSatisfy {
                        TCPConnection.isRefused(host: $0.host, port: $0.port, timeout: timeout)
                    }
                )
            }.start()
        }
    }
}
