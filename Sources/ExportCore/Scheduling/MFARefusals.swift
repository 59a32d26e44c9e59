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
        /// Others succeed: the call is repeated. `share` is that of recently answered calls, and is given once.
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
    private static let enough = 8
    private static let window = UInt64.bitWidth

    /// The share of recent calls that were refused; nil while it is none or all of them.
    var share: Double? {
        let refused = answers.nonzeroBitCount
        return refused > 0 && refused < count ? Double(refused) / Double(count) : nil
    }

    mutating func refused() -> Decision {
        note(true)
        refusedInRow += 1
        let hasSuccess = answers.nonzeroBitCount < count
        if refusedInRow >= (hasSuccess ? Self.limitWithSuccess : Self.limitWithoutSuccess) { return .pause }
        guard !isReported, count >= Self.enough, let share else { return .repeatCall(share: nil) }
        isReported = true
        return .repeatCall(share: share)
    }

    mutating func accepted() {
        note(false)
        refusedInRow = 0
        // Enforcement that starts again later is reported again.
        if answers == 0 { isReported = false }
    }

    /// New credentials: earlier answers no longer count.
    mutating func reset() { self = MFARefusals() }

    private mutating func note(_ isRefusal: Bool) {
        answers = answers << 1 | (isRefusal ? 1 : 0)
        count = min(count + 1, Self.window)
    }
}

extension CallScheduler {
    /// Turns a refusal because multi-factor authentication is required into a transient failure while other calls of
    /// the account succeed, and the refusal of a manifest into a failure of the store while that accepts no downloads.
    ///
    /// - Returns: The answer for the job, and what to report to the operator.
    mutating func classified(_ token: CallToken, _ result: CallResult) -> (result: CallResult, report: Report?) {
        let account = Int(token.account)
        guard !token.kind.isTransfer else { return (downloads.classified(token, result), nil) }
        guard account < accounts.count else { return (result, nil) }
        switch result {
        case .failed(.account(.mfaRequired(let message))):
            switch accounts[account].mfa.refused() {
            case .pause: return (result, nil)
            case .repeatCall(let share):
                let report = share.map { Report.partlyRefused(account: name(ofAccount: account), share: $0) }
                return (.failed(.transient(message: message)), report)
            }
        case .failed(.account), .failed(.transient), .failed(.throttled), .failed(.storeUnavailable),
            .failed(.abandoned):
            break
        case .failed(.refused), .failed(.unusableFile), .failed(.refusedLocation), .created, .polled, .deleted,
            .notDeletableYet, .notFound, .stored, .urlExpired:
            accounts[account].mfa.accepted()
        }
        return (result, nil)
    }
}
