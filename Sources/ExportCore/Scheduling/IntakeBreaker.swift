/// Pauses the intake when nearly every job is refused, to give an operator time before the topic is emptied into the
/// dead-letter topic.
///
/// States: closed (intake runs) → open (intake is paused) → probing (a few jobs are taken) → closed when fewer are
/// refused, otherwise open again for longer. Valid jobs wait behind the refused ones, so the pauses of one flood have a
/// common bound: when it is reached the breaker is exhausted, and intake continues until the flood has ended.
public struct IntakeBreaker: Sendable {
    /// When the breaker opens, and for how long.
    public struct Configuration: Sendable {
        /// Outcomes that are counted together.
        public var window = 1_000
        /// Outcomes that must be refusals before the breaker opens, as a fraction of the window.
        public var threshold = 0.95
        /// How long intake pauses at first; each further pause of a flood is twice as long.
        public var pause: Duration = .seconds(30)
        /// How long intake pauses in one flood, all pauses together.
        public var longestFloodPause: Duration = .seconds(300)
        /// Outcomes of a probe.
        public var probes = 50

        /// Creates the defaults.
        public init() {}
    }

    private enum State: Sendable {
        case closed
        case open(until: MonotonicInstant)
        case probing
        /// No more pauses: intake continues. The flood has ended when a probe's number of outcomes has fewer refusals,
        /// or when no outcome has arrived until the given time.
        case exhausted(until: MonotonicInstant)
    }

    /// A flood without any outcome for this long has ended.
    static let silence: Duration = .seconds(600)

    private let configuration: Configuration
    private var state = State.closed
    private var counted = 0
    private var refused = 0
    private var nextPause: Duration
    private var paused = Duration.zero

    /// Creates a closed breaker.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        nextPause = configuration.pause
    }

    /// Whether intake is paused.
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether nearly every job is refused and intake continues, because its pauses are used up.
    public var isExhausted: Bool {
        if case .exhausted = state { true } else { false }
    }

    /// When ``advance(to:)`` changes the state.
    public var nextChange: MonotonicInstant? {
        switch state {
        case .open(let until), .exhausted(let until): until
        case .closed, .probing: nil
        }
    }

    /// Counts one job's outcome. Returns how long intake was paused in this flood when that outcome exhausts the
    /// breaker.
    public mutating func count(refusal: Bool, at now: MonotonicInstant) -> Duration? {
        if case .open = state { return nil }
        counted += 1
        if refusal { refused += 1 }
        if case .exhausted = state { state = .exhausted(until: now.advanced(by: Self.silence)) }
        let limit: Int
        if case .closed = state { limit = configuration.window } else { limit = configuration.probes }
        guard counted >= limit else { return nil }
        let isFlood = Double(refused) >= configuration.threshold * Double(counted)
        (counted, refused) = (0, 0)
        guard isFlood else {
            close()
            return nil
        }
        if case .exhausted = state { return nil }
        let pause = min(nextPause, configuration.longestFloodPause - paused)
        guard pause > .zero else {
            state = .exhausted(until: now.advanced(by: Self.silence))
            return paused
        }
        paused += pause
        nextPause = pause * 2
        state = .open(until: now.advanced(by: pause))
        return nil
    }

    /// Starts a probe when a pause is over, and closes the breaker when a flood has ended.
    public mutating func advance(to now: MonotonicInstant) {
        switch state {
        case .open(let until) where until <= now: state = .probing
        case .exhausted(let until) where until <= now: close()
        case .closed, .open, .probing, .exhausted: break
        }
    }

    private mutating func close() {
        state = .closed
        (counted, refused) = (0, 0)
        (nextPause, paused) = (configuration.pause, .zero)
    }
}
