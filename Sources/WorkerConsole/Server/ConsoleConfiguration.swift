import HTTPListening

/// The settings of the console.
package struct ConsoleConfiguration: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// The port; 0 for a free one.
    package var port = 8_080
    /// Further values of the `Host` header that are answered.
    package var allowedHosts: [String] = []
    /// The token that requests must send to change something; `nil` where the console is read-only.
    package var adminToken: String?
    /// The address of the Grafana whose panels the dashboard links to, without a slash at its end; `nil` where there is none.
    package var grafana: String?
    /// The worker's name, shown on the dashboard.
    package var workerID = ""
    /// The consumer group, shown on the dashboard.
    package var groupID = ""
    /// The limits after which a state counts as unhealthy.
    package var thresholds = HealthThresholds()
    /// Connections at the same time. A further one replaces the one that has been idle longest.
    package var maximumConnections = 256
    /// The time for a whole request, from the start of the connection or the end of the previous response.
    package var requestTimeout: Duration = .seconds(30)
    /// How long a client may read nothing of its response before its connection is closed.
    package var writeTimeout: Duration = .seconds(30)
    /// When a page of the list of jobs that is not full yet is returned as it is.
    package var pageTime: Duration = .seconds(5)
    /// The time for responses in progress when the console stops.
    package var drain: Duration = .seconds(2)
    /// The limit of open dashboards; further ones poll.
    package var maximumStreams = 32
    /// The interval at which the worker is polled and `/api/events` sends.
    package var interval: Duration = .seconds(1)
    /// The time limit for an answer of the engine.
    package var patience: Duration = .seconds(2)

    /// The number of log lines dropped since the process started.
    package var droppedLogLines: @Sendable () -> Int = { 0 }

    /// Creates the defaults.
    package init() {}

    /// The connections for a process with this many descriptors: a quarter, at least 16, at most 256. The rest is for
    /// Kafka, the API and files.
    package static func connections(withDescriptors descriptors: Int) -> Int { min(256, max(16, descriptors / 4)) }

    /// The limits of its connections.
    var limits: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connections = maximumConnections
        limits.requestTimeout = requestTimeout
        limits.writeTimeout = writeTimeout
        limits.drain = drain
        limits.headerFieldBytes = 8 * 1_024
        limits.headerBytes = 16 * 1_024
        limits.headerFields = 100
        return limits
    }
}

/// Why the console cannot start.
package enum ConsoleServerError: Error, Equatable {
    /// Another process listens there.
    case addressInUse(host: String, port: Int)
    /// The host's name or address is unknown.
    case unknownHost(String)
    /// The address is not one of this machine's.
    case foreignAddress(String)
    /// The process lacks the permission to listen there.
    case notPermitted(host: String, port: Int)
    /// It cannot listen for another reason.
    case notListening(host: String, port: Int, reason: String)
}
