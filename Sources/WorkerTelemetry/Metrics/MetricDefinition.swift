/// One metric as `/metrics` shows it.
package struct MetricDefinition: Sendable, Hashable {
    /// The Prometheus type.
    package enum Kind: String, Sendable {
        /// Only increases; a restart resets it to zero.
        case counter
        /// Increases and decreases.
        case gauge
        /// Observations counted in buckets.
        case histogram
    }

    /// Who emits it.
    package enum Emitter: String, Sendable {
        /// ``WorkerMetrics``, from what the engine reports.
        case worker
        /// The API client, by OpenTelemetry's conventions for HTTP clients.
        case exportsClient
        /// The factory itself.
        case factory
    }

    /// The exposed name.
    package let name: String
    /// The Prometheus type.
    package let kind: Kind
    /// The unit: seconds, bytes, or what is counted.
    package let unit: String
    /// The labels' names, in order.
    package let labels: [String]
    /// What it measures.
    package let help: String
    /// The upper bounds of a histogram's buckets, without the infinite one.
    package let buckets: [Double]
    /// Who emits it.
    package let emitter: Emitter

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
package enum MetricBuckets {
    /// Seconds of requests and commits: the bounds that OpenTelemetry names for HTTP and messaging clients.
    package static let seconds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    /// Seconds of downloads.
    static let longSeconds: [Double] = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600]
    /// Seconds of jobs, whose service-level objective is a day.
    static let jobSeconds: [Double] = [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 93_600]
    /// Records of a commit.
    static let records: [Double] = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000]
}
