public import PayoutSandbox

/// Every way in which the sandbox can fail a call, such that a given share of the calls meets at least one.
public enum Adversity {
    typealias Effect = PayoutSandbox.Fault.Effect
    typealias Call = PayoutSandbox.Fault.Call

    /// How long a client of this run waits for an answer; late ones come later than that.
    public static let requestTimeout: Duration = .milliseconds(400)
    /// How long a download of this run waits for the next byte.
    public static let stallTimeout: Duration = .milliseconds(400)
    private static let tooLate: Duration = .milliseconds(800)

    /// The faults for a run.
    ///
    /// - Parameter share: What share of each type of call is to fail, in 0..<1.
    public static func faults(share: Double) -> [PayoutSandbox.Fault] {
        Call.allCases.flatMap { call in
            let effects = Self.effects(at: call)
            // Faults are drawn one by one: the share that none of them meets is the product of all.
            let probability = 1 - Self.root(1 - share, effects.count)
            return effects.map { PayoutSandbox.Fault($0, on: [call], probability: probability) }
        }
    }

    /// What can go wrong with a type of call.
    static func effects(at call: Call) -> [Effect] {
        switch call {
        case .token:
            Self.statuses + [.lostAnswer, .closed, .slow(Self.tooLate)]
                + PayoutSandbox.SignInError.allCases.map { .signInError($0) }
        case .create: Self.passing + Self.answers + [.exportFails]
        case .get: Self.passing + Self.answers + [.emptyBlobLocation, .exportVanishes]
        case .delete: Self.passing
        case .blob:
            Self.statuses + [
                .closed, .blobBreaks(after: 0), .blobBreaks(after: 0.4), .blobBreaks(after: 0.99), .wrongMD5,
                .expiredURL,
                .blobStalls(Self.tooLate),
            ]
        }
    }

    /// Whatever comes instead of an answer and is gone at the next try. 401 is among it: a fresh token mends it.
    private static let passing: [Effect] =
        Self.statuses
        + [
            .status(401), .status(500, afterEffect: true), .status(503, body: .html, afterEffect: true),
            .status(401, body: .empty, afterEffect: true), .lostAnswer, .closed, .slow(Self.tooLate),
        ]

    /// Each passing status, each form of an error's body, each form of `Retry-After`.
    private static let statuses: [Effect] = {
        let forms: [PayoutSandbox.Fault.RetryAfter?] = [nil, .seconds(1), .date(secondsFromNow: 2)]
        let bodies = PayoutSandbox.Fault.ErrorBody.allCases
        return [408, 429, 500, 502, 503, 504].enumerated().flatMap { index, status in
            forms.enumerated().map { number, form in
                .status(status, body: bodies[(index + number) % bodies.count], retryAfter: form)
            }
        }
    }()

    /// Answers in other forms than the documented one.
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
