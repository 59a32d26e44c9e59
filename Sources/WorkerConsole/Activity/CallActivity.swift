import ExportCore
import Synchronization

/// The calls that are under way and how the last ones ended, counted where they are made.
final class CallActivity: Sendable {
    struct Key: Hashable, Sendable {
        var account: String
        var kind: CallKind
    }

    /// Calls that failed one after the other, and none that did not in between.
    struct Failing: Sendable, Equatable {
        var count: Int
        var first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        /// What the newest of them said.
        var message: String
    }

    /// What has been seen so far.
    struct Figures: Sendable {
        var underWay: [Key: Int] = [:]
        /// Calls started by account, downloads not included: what the account's budget is for.
        var apiCallsStarted: [String: Int] = [:]
        var started = 0
        var answered = 0
        /// API calls that the service did not answer, by account.
        var failingCalls: [String: Failing] = [:]
        /// Downloads that did not bring their file.
        var failingDownloads: Failing?

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

    func ended(account: String, kind: CallKind, _ result: CallResult, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.underWay[Key(account: account, kind: kind), default: 1] -= 1
            state.answered += 1
            if kind == .download {
                Self.take(result, into: &state.failingDownloads, at: now)
            } else {
                Self.take(result, into: &state.failingCalls[account], at: now)
            }
        }
    }

    private static func take(_ result: CallResult, into failing: inout Failing?, at now: ContinuousClock.Instant) {
        switch result {
        case .failed(.passing(let message)):
            failing = Failing(
                count: (failing?.count ?? 0) + 1,
                first: failing?.first ?? now,
                last: now,
                message: message
            )
        // A call that was stopped says nothing about the service; everything else is an answer of it.
        case .failed(.abandoned): break
        default: failing = nil
        }
    }
}
