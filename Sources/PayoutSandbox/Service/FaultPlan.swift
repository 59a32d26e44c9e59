import Primitives

/// The active faults, and which of them happen at a call.
struct FaultPlan: Sendable {
    typealias Fault = PayoutSandbox.Fault

    /// What happens at one call.
    struct Drawn: Sendable {
        /// The replacement of the proper response.
        enum Replacement: Sendable {
            case status(Int, body: Fault.ErrorBody, retryAfter: Fault.RetryAfter?, afterEffect: Bool)
            case lostAnswer
            case closed
            case signInError(PayoutSandbox.SignInError)
        }

        /// The fault of a file's body; ``Fault/Effect`` describes each.
        enum Body: Sendable {
            case breaks(after: Double)
            case stalls(nanoseconds: Int64)
            case trickles(nanoseconds: Int64)
            case unframed(after: Double)
            case page
        }

        var replacement: Replacement?
        /// How much later the answer comes, in nanoseconds.
        var delay: Int64 = 0
        var envelope = Fault.Envelope.documented
        var statusText: String?
        var statusCase: Fault.LetterCase?
        var emptyBlobLocation = false
        var blobLocation: String?
        var exportFails = false
        var exportVanishes = false
        var body: Body?
        var wrongMD5 = false
        var expiredURL = false
    }

    var faults: [Fault]

    /// Draws the faults of a call. Of the faults that replace the response only the first one drawn happens, and only that
    /// one's count decreases.
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
            drawn.apply(fault.effect)
            happened[fault.effect.name, default: 0] += 1
            if let count = fault.count { faults[index].count = count - 1 }
        }
        faults.removeAll { $0.count == 0 }
        return drawn
    }
}

extension FaultPlan.Drawn {
    fileprivate mutating func apply(_ effect: PayoutSandbox.Fault.Effect) {
        switch effect {
        case .status(let status, let body, let retryAfter, let afterEffect):
            replacement = .status(status, body: body, retryAfter: retryAfter, afterEffect: afterEffect)
        case .lostAnswer: replacement = .lostAnswer
        case .closed: replacement = .closed
        case .signInError(let error): replacement = .signInError(error)
        case .slow(let duration): delay = max(delay, duration.inNanoseconds)
        case .envelope(let form): envelope = form
        case .statusText(let text): statusText = text
        case .statusCase(let letterCase): statusCase = letterCase
        case .emptyBlobLocation: emptyBlobLocation = true
        case .exportFails: exportFails = true
        case .exportVanishes: exportVanishes = true
        case .blobBreaks(let share): body = .breaks(after: share)
        case .blobStalls(let duration): body = .stalls(nanoseconds: duration.inNanoseconds)
        case .blobTrickles(let pause): body = .trickles(nanoseconds: pause.inNanoseconds)
        case .blobUnframed(let share): body = .unframed(after: share)
        case .blobPage: body = .page
        case .blobLocation(let url): blobLocation = url
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
