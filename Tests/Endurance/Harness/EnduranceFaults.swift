public import PayoutSandbox

/// All the sandbox's faults, with probabilities such that a given share of the calls meets at least one.
public enum EnduranceFaults {
    typealias Effect = PayoutSandbox.Fault.Effect
    typealias Call = PayoutSandbox.Fault.Call

    /// How long a client of this run waits for a response. Slow responses take longer.
    public static let requestTimeout: Duration = .seconds(2)
    /// How long a download of this run waits for the next byte.
    public static let stallTimeout: Duration = .seconds(2)
    private static let tooLate: Duration = .seconds(4)

    /// The faults for a run.
    ///
    /// - Parameter share: The share of each type of call that fails, in 0..<1.
    public static func faults(share: Double) -> [PayoutSandbox.Fault] {
        Call.allCases.flatMap { call in
            let effects = Self.effects(at: call)
            // Faults are drawn one by one: the share that none of them meets is the product of all.
            let probability = 1 - Self.root(1 - share, effects.count)
            return effects.map { PayoutSandbox.Fault($0, on: [call], probability: probability) }
        }
    }

    /// The faults of a type of call.
    static func effects(at call: Call) -> [Effect] {
        switch call {
        case .token:
            Self.statuses + [.lostAnswer, .closed, .slow(Self.tooLate)]
                + PayoutSandbox.SignInError.allCases.map { .signInError($0) }
        case .create: Self.transient + Self.answers + [.exportFails]
        case .get: Self.transient + Self.answers + [.emptyBlobLocation, .exportVanishes]
        case .delete: Self.transient
        case .blob:
            Self.statuses + [
                .closed, .blobBreaks(after: 0), .blobBreaks(after: 0.4), .blobBreaks(after: 0.99), .wrongMD5,
                .expiredURL,
                .blobStalls(Self.tooLate),
            ]
        }
    }

    /// Faults that are gone at the next attempt. They include 401: a new token resolves it.
    private static let transient: [Effect] =
        Self.statuses
        + [
            .status(401), .status(500, afterEffect: true), .status(503, body: .html, afterEffect: true),
            .status(401, body: .empty, afterEffect: true), .lostAnswer, .closed, .slow(Self.tooLate),
        ]

    /// Each transient status, each form of an error's body, each form of `Retry-After`.
    private static let statuses: [Effect] = {
        let forms: [PayoutSandbox.Fault.RetryAfter?] = [nil, .seconds(1), .date(secondsFromNow: 2)]
        let bodies = PayoutSandbox.Fault.ErrorBody.allCases
        return [408, 429, 500, 502, 503, 504].enumerated().flatMap { index, status in
            forms.enumerated().map { number, form in
                .status(status, body: bodies[(index + number) % bodies.count], retryAfter: form)
            }
        }
    }()

    /// Responses in undocumented forms.
    private static let answers: [Effect] =
        PayoutSandbox.Fault.Envelope.allCases.filter { $0 != .documented }.map { .envelope($0) }
        + PayoutSandbox.Fault.LetterCase.allCases.map { .statusCase($0) } + [.statusText("Archived")]

    /// The n-th root of a number in 0...1, by halving.
    private static func root(_ value: Double, _ degree: Int) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            var power = 1.0
            for _ in 0..<degree { power *= middle }
            if power < value { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
