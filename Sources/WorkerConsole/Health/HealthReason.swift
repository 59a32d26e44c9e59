import WorkerTelemetry

/// A reason why the worker is not healthy, with its remedy.
struct HealthReason: Sendable, Codable, Equatable {
    /// Whether the worker can still accept work.
    enum Severity: String, Sendable, Codable {
        /// It cannot: the worker is not ready.
        case blocking
        /// It can, but an operator should check it.
        case degraded
    }

    var code: HealthCode
    var severity: Severity
    /// The partition, where the reason concerns one.
    var partition: Int32?
    /// What is wrong.
    var message: String
    /// What to do about it.
    var remedy: String

    init(
        _ code: HealthCode,
        severity: Severity = .blocking,
        partition: Int32? = nil,
        _ message: String,
        remedy: String
    ) {
        self.code = code
        self.severity = severity
        self.partition = partition
        self.message = message
        self.remedy = remedy
    }
}
