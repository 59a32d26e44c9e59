/// The faults that are on, and which of them happen at a call.
struct FaultPlan: Sendable {
    typealias Fault = PayoutSandbox.Fault

    /// What happens at one call.
    struct Drawn: Sendable {
        /// What takes the place of the proper answer.
        enum Replacement: Sendable {
            case status(Int, body: Fault.ErrorBody, retryAfter: Fault.RetryAfter?, afterEffect: Bool)
            case lostAnswer
            case closed
            case signInError(PayoutSandbox.SignInError)
        }

        /// What becomes of a file's body.
        enum Body: Sendable {
            case breaks(after: Double)
            case stalls(nanoseconds: Int64)
        }

        var replacement: Replacement?
        var delay: Int64 = 0
        var envelope = Fault.Envelope.documented
        var statusText: String?
        var statusCase: Fault.LetterCase?
        var emptyBlobLocation = false
        var exportFails = false
        var exportVanishes = false
        var body: Body?
        var wrongMD5 = false
        var expiredURL = false
    }

    var faults: [Fault]

    /// Draws what happens at a call. Of the faults that would replace the answer only the first that comes up happens, and
    /// only that one is used up.
    mutating func draw(
        _ call: Fault.Call,
        using generator: inout SplitMix64,
        counting happened: inout [String: Int]
    ) -> Drawn {
        var drawn = Drawn()
        for index in faults.indices {
            let fault = faults[index]
            guard fault.calls.contains(call), fault.count.map({ $0 > 0 }) ?? true else { continue }
            if fault.effect.replacesAnswer, drawn.replacement != nil { continue }
            if fault.probability < 1, generator.unit() >= fault.probability { continue }
            drawn.take(fault.effect)
            happened[fault.effect.name, default: 0] += 1
            if let count = fault.count { faults[index].count = count - 1 }
        }
        faults.removeAll { $0.count == 0 }
        return drawn
    }
}

extension FaultPlan.Drawn {
    fileprivate mutating func take(_ effect: PayoutSandbox.Fault.Effect) {
        switch effect {
        case .status(let status, let body, let retryAfter, let afterEffect):
            replacement = .status(status, body: body, retryAfter: retryAfter, afterEffect: afterEffect)
        case .lostAnswer: replacement = .lostAnswer
        case .closed: replacement = .closed
        case .signInError(let error): replacement = .signInError(error)
        case .slow(let duration): delay = max(delay, duration.wholeNanoseconds)
        case .envelope(let form): envelope = form
        case .statusText(let text): statusText = text
        case .statusCase(let letterCase): statusCase = letterCase
        case .emptyBlobLocation: emptyBlobLocation = true
        case .exportFails: exportFails = true
        case .exportVanishes: exportVanishes = true
        case .blobBreaks(let share): body = .breaks(after: share)
        case .blobStalls(let duration): body = .stalls(nanoseconds: duration.wholeNanoseconds)
        case .wrongMD5: wrongMD5 = true
        case .expiredURL: expiredURL = true
        }
    }
}

extension PayoutSandbox.Fault.Effect {
    fileprivate var replacesAnswer: Bool {
        switch self {
        case .status, .lostAnswer, .closed, .signInError: true
        default: false
        }
    }
}
