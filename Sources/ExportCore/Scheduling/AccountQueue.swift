/// One account's waiting calls, its budget, and whether its credentials work.
struct AccountQueue {
    enum Standing {
        case usable
        /// Refused: one call is let through at `probeAt`, to see.
        case paused(AccountProblem, probeAt: Instant, interval: Duration)
        /// The probe is under way.
        case probing(AccountProblem, interval: Duration)
    }

    var lanes = [Lane](repeating: Lane(), count: CallKind.allCases.count)
    var bucket: TokenBucket
    var standing = Standing.usable
    private var nextLane = 0

    private static let longestProbeInterval: Duration = .seconds(600)

    init(rate: Double) { bucket = TokenBucket(rate: rate) }

    var problem: AccountProblem? {
        switch standing {
        case .usable: nil
        case .paused(let problem, _, _), .probing(let problem, _): problem
        }
    }

    /// The next API call that may go now, from the lanes in turn.
    mutating func nextCall(at now: Instant) -> CallToken? {
        guard mayCall(at: now) else { return nil }
        for step in 0..<3 {
            let lane = (nextLane + step) % 3
            guard lanes[lane].isReady(at: now), let token = lanes[lane].queue.first else { continue }
            guard bucket.take(at: now) else { return nil }
            _ = lanes[lane].queue.popFirst()
            nextLane = (lane + 1) % 3
            return token
        }
        return nil
    }

    /// The next download that may start now. A download needs neither the API's budget nor the
    /// account's credentials: its URL is all the permission there is.
    mutating func nextDownload(at now: Instant) -> CallToken? {
        let lane = Int(CallKind.download.rawValue)
        guard lanes[lane].isReady(at: now) else { return nil }
        return lanes[lane].queue.popFirst()
    }

    /// The call goes out.
    mutating func started(_ kind: CallKind, at now: Instant) {
        lanes[Int(kind.rawValue)].started(at: now)
        if case .paused(let problem, _, let interval) = standing {
            standing = .probing(problem, interval: interval)
        }
    }

    /// When one of the waiting calls may go; `nil` when only an event can change that.
    ///
    /// - Parameters:
    ///   - calls: whether an API call may start at all.
    ///   - downloads: whether a download may start at all.
    func nextChange(after now: Instant, calls: Bool, downloads: Bool) -> Instant? {
        var earliest: Instant?
        for (index, lane) in lanes.enumerated() where !lane.queue.isEmpty {
            let isDownload = index == Int(CallKind.download.rawValue)
            guard isDownload ? downloads : calls else { continue }
            var moment = max(lane.blockedUntil, now)
            if !isDownload {
                guard let budget = bucket.nextToken(after: now), let permitted = nextPermitted else { continue }
                moment = max(moment, budget, permitted)
            }
            earliest = min(earliest ?? .distantFuture, moment)
        }
        return earliest
    }

    // MARK: Standing

    /// Returns whether the account was usable until now.
    mutating func refused(_ problem: AccountProblem, first: Duration, at now: Instant) -> Bool {
        let interval: Duration
        let wasUsable: Bool
        switch standing {
        case .usable: (interval, wasUsable) = (first, true)
        case .paused(.locked, _, _): return false
        case .paused(_, let probeAt, let old):
            // Calls that were under way when the account paused come back too; they are no probes.
            let isLocked = if case .locked = problem { true } else { false }
            standing = .paused(problem, probeAt: isLocked ? .distantFuture : probeAt, interval: old)
            return false
        case .probing(_, let old): (interval, wasUsable) = (min(old * 2, Self.longestProbeInterval), false)
        }
        let probeAt: Instant
        switch problem {
        case .refused: probeAt = now.advanced(by: interval)
        case .locked: probeAt = .distantFuture
        }
        standing = .paused(problem, probeAt: probeAt, interval: interval)
        return wasUsable
    }

    /// Returns whether the account was paused until now.
    mutating func works() -> Bool {
        guard case .probing = standing else { return false }
        standing = .usable
        return true
    }

    /// The probe ended without telling anything about the credentials.
    mutating func probeInconclusive(at now: Instant) {
        guard case .probing(let problem, let interval) = standing else { return }
        standing = .paused(problem, probeAt: now.advanced(by: interval), interval: interval)
    }

    /// New credentials: try at once.
    mutating func tryAgain(at now: Instant, first: Duration) {
        guard let problem else { return }
        standing = .paused(problem, probeAt: now, interval: first)
    }

    /// The clock went back: what is waited for is no further away than it was.
    mutating func shift(by duration: Duration) {
        for lane in lanes.indices { lanes[lane].blockedUntil = lanes[lane].blockedUntil.advanced(by: duration) }
        if case .paused(let problem, let probeAt, let interval) = standing, probeAt != .distantFuture {
            standing = .paused(problem, probeAt: probeAt.advanced(by: duration), interval: interval)
        }
    }

    private func mayCall(at now: Instant) -> Bool { nextPermitted.map { $0 <= now } ?? false }

    /// From when on a call may be made with the account's credentials; `nil` while a probe is under way.
    private var nextPermitted: Instant? {
        switch standing {
        case .usable: Instant(milliseconds: .min)
        case .paused(_, let probeAt, _): probeAt
        case .probing: nil
        }
    }
}
