/// How the console serves.
public struct ConsoleConfiguration: Sendable {
    /// The address to listen on, `HTTP_HOST`.
    public var host = "127.0.0.1"
    /// The port, `HTTP_PORT`; 0 for a free one.
    public var port = 8_080
    /// The worker's name, shown on the dashboard.
    public var workerID = ""
    /// The consumer group, shown on the dashboard.
    public var groupID = ""
    /// From when on something counts as too long.
    public var thresholds = HealthThresholds()
    /// Open dashboards at the most; further ones poll.
    public var maximumStreams = 32
    /// How often the worker is looked at, and `/api/events` tells.
    public var interval: Duration = .seconds(1)
    /// How long an answer of the engine is waited for.
    public var patience: Duration = .seconds(2)

    /// Creates the defaults.
    public init() {}
}

/// Why the console does not serve.
public enum ConsoleServerError: Error, Equatable, CustomStringConvertible {
    /// Another process listens there.
    case addressInUse(host: String, port: Int)
    /// The host's name or address is not known.
    case unknownHost(String)
    /// The address is not one of this machine's.
    case foreignAddress(String)
    /// The process may not listen there.
    case notPermitted(host: String, port: Int)
    /// It is running already.
    case alreadyRunning
    /// It could not listen for another reason.
    case notListening(host: String, port: Int, reason: String)

    /// What happened, to what, and what to do about it.
    public var description: String {
        switch self {
        case .addressInUse(let host, let port):
            "The console cannot listen on \(host):\(port): another process does. Set HTTP_PORT to a free port, or stop the other process."
        case .unknownHost(let host):
            "The console cannot listen on '\(host)': no such host is known. Set HTTP_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0."
        case .foreignAddress(let host):
            "The console cannot listen on \(host): it is no address of this machine. Set HTTP_HOST to one, such as 127.0.0.1, or 0.0.0.0 for all."
        case .notPermitted(let host, let port):
            "The console may not listen on \(host):\(port). Set HTTP_PORT to a port above 1023, or give the process the right to it."
        case .alreadyRunning: "The console is running already. Stop it first."
        case .notListening(let host, let port, let reason):
            "The console cannot listen on \(host):\(port) (\(reason)). Look at HTTP_HOST and HTTP_PORT."
        }
    }
}
