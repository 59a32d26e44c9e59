/// The share of an account's calls that the service refuses because multi-factor authentication is required.
///
/// The service enforces it for a share of its traffic, so that the same token is refused at one call and accepted at
/// the next. An account whose calls are all refused pauses; one of which some succeed continues, and its refused calls
/// are repeated later.
struct MFARefusals {
    /// What to do about a refusal.
    enum Decision: Equatable {
        /// No call succeeds: the account pauses.
        case pause
        /// Other calls succeed: the call is repeated. `share` is the share of recent calls that were refused; nil where it has
        /// been reported already, or too few calls were answered.
        case repeatCall(share: Double?)
    }

    /// The newest answers: bit 0 is the newest, 1 stands for a refusal.
    private var answers: UInt64 = 0
    private var count = 0
    private var refusedInRow = 0
    private var isReported = false

    /// Consecutive refusals that pause an account of which no call has succeeded.
    static let limitWithoutSuccess = 3
    /// Consecutive refusals that pause an account of which calls have succeeded: so many are improbable unless nearly
    /// all calls are refused.
    static let limitWithSuccess = 40
    /// Answers before a share is worth reporting.
    private static let reportedFrom = 8
    private static let window = UInt64.bitWidth

    /// The share of recent calls that were refused; nil while it is none or all of them.
    var share: Double? {
        let refused = answers.nonzeroBitCount
        return refused > 0 && refused < count ? Double(refused) / Double(count) : nil
    }

    mutating func refused() -> Decision {
        record(isRefusal: true)
        refusedInRow += 1
        let hasSuccess = answers.nonzeroBitCount < count
        if refusedInRow >= (hasSuccess ? Self.limitWithSuccess : Self.limitWithoutSuccess) { return .pause }
        guard !isReported, count >= Self.reportedFrom, let share else { return .repeatCall(share: nil) }
        isReported = true
        return .repeatCall(share: share)
    }

    mutating func accepted() {
        record(isRefusal: false)
        refusedInRow = 0
        // Enforcement that starts again later is reported again.
        if answers == 0 { isReported = false }
    }

    /// New credentials: earlier answers no longer count.
    mutating func reset() { self = MFARefusals() }

    private mutating func record(isRefusal: Bool) {
        answers = answers << 1 | (isRefusal ? 1 : 0)
        count = min(count + 1, Self.window)
    }
}
