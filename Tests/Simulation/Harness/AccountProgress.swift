/// The time since which each of one worker's accounts has waiting calls and has started none.
struct AccountProgress {
    private let accounts: [String]
    private var waitingSince: [Int64?]

    /// Longer than the sum of a probe's longest interval (an hour where multi-factor authentication is enforced), the
    /// longest `Retry-After`, and the wait for a budget that many workers share.
    private static let limit: Int64 = 100 * 60_000

    init(accounts: [String]) {
        self.accounts = accounts
        waitingSince = accounts.map { _ in nil }
    }

    mutating func started(_ account: String) {
        if let index = accounts.firstIndex(of: account) { waitingSince[index] = nil }
    }

    /// Returns an account without progress that no fault explains.
    ///
    /// - Parameters:
    ///   - waiting: how many calls wait, by account.
    ///   - isQuiet: whether credentials work and no fault is active; only then time counts.
    mutating func stalledAccount(_ waiting: [Int], isQuiet: Bool, at now: Int64) -> String? {
        for (index, count) in waiting.enumerated() {
            guard isQuiet, count > 0 else {
                waitingSince[index] = nil
                continue
            }
            let since = waitingSince[index] ?? now
            waitingSince[index] = since
            if now - since > Self.limit { return accounts[index] }
        }
        return nil
    }
}
