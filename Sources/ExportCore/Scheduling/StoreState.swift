/// Whether the file store accepts files, as the results of downloads show.
enum StoreState {
    case usable
    /// The store accepts no files. At `probeAt` one download may run. Exits: probing; usable, when a download that was
    /// in flight stores its file.
    case paused(message: String, probeAt: MonotonicInstant, interval: Duration)
    /// This download is the probe. Exits, by the results of downloads: usable, paused.
    case probing(message: String, since: MonotonicInstant, interval: Duration, by: CallToken)

    /// How a result changed the state.
    enum Change {
        case none, paused, resumed
    }

    private static let longestInterval: Duration = .seconds(60)
    /// A probe that has not failed for this long no longer holds back the others: its file may take hours. Longer than
    /// a store's request takes to fail.
    private static let longestProbe: Duration = .seconds(300)

    /// Why the store accepts no files; `nil` while it does.
    var problem: String? {
        switch self {
        case .usable: nil
        case .paused(let message, _, _), .probing(let message, _, _, _): message
        }
    }

    /// The earliest time for another download.
    var nextPermitted: MonotonicInstant {
        switch self {
        case .usable: .distantPast
        case .paused(_, let probeAt, _): probeAt
        case .probing(_, let since, _, _): since.advanced(by: Self.longestProbe)
        }
    }

    /// Notes that a download runs from now on.
    mutating func started(_ token: CallToken, at now: MonotonicInstant) {
        guard case .paused(let message, _, let interval) = self else { return }
        self = .probing(message: message, since: now, interval: interval, by: token)
    }

    /// Notes that a download has ended.
    ///
    /// - Parameters:
    ///   - result: its result; `nil` when it was not sent.
    ///   - first: the interval before the first probe.
    mutating func ended(
        _ token: CallToken,
        _ result: CallResult?,
        first: Duration,
        at now: MonotonicInstant
    ) -> Change {
        switch result {
        case .stored:
            defer { self = .usable }
            return problem == nil ? .none : .resumed
        case .failed(.storeUnavailable(let message)):
            // The place of manifests may be the only one that accepts no files: downloads do not wait for it.
            guard token.kind == .download || isProbe(token) else { return .none }
            return failed(message, first: first, at: now)
        default:
            // The result says nothing about the store: another download may probe it at once.
            if case .probing(let message, _, let interval, token) = self {
                self = .paused(message: message, probeAt: now, interval: interval)
            }
            return .none
        }
    }

    private func isProbe(_ token: CallToken) -> Bool {
        if case .probing(_, _, _, token) = self { true } else { false }
    }

    private mutating func failed(_ message: String, first: Duration, at now: MonotonicInstant) -> Change {
        switch self {
        case .usable:
            self = .paused(message: message, probeAt: now.advanced(by: first), interval: first)
            return .paused
        // Downloads that were in flight fail too.
        case .paused(_, let probeAt, let interval):
            self = .paused(message: message, probeAt: probeAt, interval: interval)
        case .probing(_, _, let interval, _):
            let next = min(interval * 2, Self.longestInterval)
            self = .paused(message: message, probeAt: now.advanced(by: next), interval: next)
        }
        return .none
    }
}
