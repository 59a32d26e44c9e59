/// One metric as `/metrics` shows it.
public struct MetricDefinition: Sendable, Hashable {
    /// The Prometheus type.
    public enum Kind: String, Sendable {
        /// Only goes up, and back to zero with a restart.
        case counter
        /// Goes up and down.
        case gauge
        /// Observations counted in buckets.
        case histogram
    }

    /// Who emits it.
    public enum Emitter: String, Sendable {
        /// ``WorkerMetrics``, from what the engine reports.
        case worker
        /// The API client, by OpenTelemetry's conventions for HTTP clients.
        case exportsClient
        /// The factory itself.
        case factory
    }

    /// The name as it is exposed.
    public let name: String
    /// The Prometheus type.
    public let kind: Kind
    /// The unit: seconds, bytes, or what is counted.
    public let unit: String
    /// The labels' names, in order.
    public let labels: [String]
    /// What it tells.
    public let help: String
    /// The upper bounds of a histogram's buckets, without the infinite one.
    public let buckets: [Double]
    /// Who emits it.
    public let emitter: Emitter

    init(
        _ name: String,
        _ kind: Kind,
        unit: String,
        labels: [String] = [],
        buckets: [Double] = [],
        emitter: Emitter = .worker,
        help: String
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
        self.buckets = kind == .histogram && buckets.isEmpty ? MetricBuckets.seconds : buckets
        self.emitter = emitter
    }
}

/// Upper bounds of histogram buckets.
public enum MetricBuckets {
    /// Seconds of requests and commits: the bounds that OpenTelemetry names for HTTP and messaging clients.
    public static let seconds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    /// Seconds of downloads.
    static let longSeconds: [Double] = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600]
    /// Seconds of jobs, whose service-level objective is a day.
    static let jobSeconds: [Double] = [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 93_600]
    /// Records of a commit.
    static let records: [Double] = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000]
}
