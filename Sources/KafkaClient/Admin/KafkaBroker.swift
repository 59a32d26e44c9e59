/// A broker under the address that the cluster gives to its clients (`advertised.listeners`).
public struct KafkaBroker: Sendable, Hashable, CustomStringConvertible {
    /// The broker's id.
    public var id: Int32
    /// The host that clients are to connect to.
    public var host: String
    /// The port that clients are to connect to.
    public var port: Int32

    /// `host:port`, for logs.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why a connection could not be opened, as the operating system reports it.
public struct KafkaConnectionFailure: Sendable, Hashable {
    /// The broker that could not be reached.
    public var broker: KafkaBroker
    /// The operating system's error text.
    public var message: String
}
