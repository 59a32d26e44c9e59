package import ExportCore
import Synchronization

/// Counts the calls in flight and the results of the last ones, where the calls are made.
package final class CallActivity: Sendable {
    /// An account and a kind of call.
    package struct Key: Hashable, Sendable {
        package var account: String
        package var kind: CallKind

        /// Creates a key.
        package init(account: String, kind: CallKind) {
            self.account = account
            self.kind = kind
        }
    }

    /// Consecutive failed calls.
    package struct Failing: Sendable, Equatable {
        package var count: Int
        package var first: ContinuousClock.Instant
        package var last: ContinuousClock.Instant
        /// The message of the newest one.
        package var message: String
    }

    /// The calls so far.
    package struct Figures: Sendable {
        package var inFlight: [Key: Int] = [:]
        /// API calls started, by account. The account's budget applies to them, not to downloads.
        package var apiCallsStarted: [String: Int] = [:]
        package var started = 0
        package var answered = 0
        /// API calls that the service did not answer, by account.
        package var failingCalls: [String: Failing] = [:]
        /// Downloads that delivered no file.
        package var failingDownloads: Failing?

        package func started(by account: String) -> Int { apiCallsStarted[account] ?? 0 }
    }

    private let state = Mutex(Figures())

    package var figures: Figures { state.withLock { $0 } }

    /// - Parameter account: `nil` for a manifest, which belongs to no account.
    func began(account: String?, kind: CallKind) {
        state.withLock { state in
            state.started += 1
            guard let account else { return }
            state.inFlight[Key(account: account, kind: kind), default: 0] += 1
            if !kind.isTransfer { state.apiCallsStarted[account, default: 0] += 1 }
        }
    }

    func ended(account: String?, kind: CallKind, _ result: CallResult, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.answered += 1
            guard let account else { return }
            state.inFlight[Key(account: account, kind: kind), default: 1] -= 1
            if kind == .download {
                Self.update(&state.failingDownloads, with: result, at: now)
            } else {
                Self.update(&state.failingCalls[account], with: result, at: now)
            }
        }
    }

    private static func update(_ failing: inout Failing?, with result: CallResult, at now: ContinuousClock.Instant) {
        switch result {
        case .failed(.transient(let message)), .failed(.unusableFile(let message)),
            .failed(.storeUnavailable(let message)):
            failing = Failing(
                count: (failing?.count ?? 0) + 1,
                first: failing?.first ?? now,
                last: now,
                message: message
            )
        // A stopped call says nothing about the service. Any other result is a response from it.
        case .failed(.abandoned): break
        default: failing = nil
        }
    }
}
