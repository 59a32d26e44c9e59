/// Pauses the intake when nearly every job fails alike, instead of emptying the topic into the
/// dead-letter topic.
///
/// States: closed (all is well) → open (intake paused) → probing (a few jobs are let in) → closed
/// when they fare better, open again for longer when they do not.
public struct IntakeBreaker: Sendable {
    /// When the breaker opens.
    public struct Configuration: Sendable {
        /// Outcomes that are looked at together.
        public var window = 1_000
        /// Outcomes that must be refusals before the breaker opens, as a fraction of the window.
        public var threshold = 0.95
        /// How long intake pauses at first; doubles up to sixteen times that.
        public var pause: Duration = .seconds(30)
        /// Outcomes of the probe.
        public var probes = 50

        /// Creates the defaults.
        public init() {}
    }

    private enum State: Sendable {
        case closed
        case open(until: Instant)
        case probing
    }

    private let configuration: Configuration
    private var state = State.closed
    private var seen = 0
    private var refused = 0
    private var pauses = 0

    /// Creates a closed breaker.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Whether intake is paused.
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// When the breaker wants to be asked again.
    public var nextChange: Instant? {
        if case .open(let until) = state { until } else { nil }
    }

    /// Counts one job's fate.
    public mutating func count(refusal: Bool, at now: Instant) {
        if case .open = state { return }
        seen += 1
        if refusal { refused += 1 }
        let limit: Int
        if case .probing = state { limit = configuration.probes } else { limit = configuration.window }
        guard seen >= limit else { return }
        let failing = Double(refused) >= configuration.threshold * Double(seen)
        (seen, refused) = (0, 0)
        if failing {
            let factor = 1 << min(pauses, 4)
            pauses += 1
            state = .open(until: now.advanced(by: configuration.pause * factor))
        } else {
            pauses = 0
            state = .closed
        }
    }

    /// The clock went back by so much: the pause is no longer for that.
    mutating func clockWentBack(by duration: Duration) {
        if case .open(let until) = state { state = .open(until: until.advanced(by: .zero - duration)) }
    }

    /// Lets a probe in when the pause is over.
    public mutating func advance(to now: Instant) {
        guard case .open(let until) = state, until <= now else { return }
        state = .probing
    }
}
