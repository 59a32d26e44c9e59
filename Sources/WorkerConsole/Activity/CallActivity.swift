import ExportCore
import Synchronization

/// The calls that are under way, counted where they are made.
final class CallActivity: Sendable {
    struct Key: Hashable, Sendable {
        var account: String
        var kind: CallKind
    }

    /// What has been seen so far.
    struct Figures: Sendable {
        var underWay: [Key: Int] = [:]
        /// Calls started by account, downloads not included: what the account's budget is for.
        var apiCallsStarted: [String: Int] = [:]
        var started = 0
        var answered = 0

        func started(by account: String) -> Int { apiCallsStarted[account] ?? 0 }
    }

    private let state = Mutex(Figures())

    var figures: Figures { state.withLock { $0 } }

    func began(account: String, kind: CallKind) {
        state.withLock { state in
            state.underWay[Key(account: account, kind: kind), default: 0] += 1
            state.started += 1
            if kind != .download { state.apiCallsStarted[account, default: 0] += 1 }
        }
    }

    func ended(account: String, kind: CallKind) {
        state.withLock { state in
            state.underWay[Key(account: account, kind: kind), default: 1] -= 1
            state.answered += 1
        }
    }
}
