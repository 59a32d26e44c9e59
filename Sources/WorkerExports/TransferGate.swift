/// Lets a bounded number of transfers go on at the same time. One that has had its turn for a while gives it to one that
/// waits, and waits itself: so a huge file does not hold up small ones, and no account the others.
///
/// The next turn goes to the account with the fewest transfers going on, then to the transfer that has had the fewest
/// turns: a small file is done after one. Whoever was passed over many times comes first.
actor TransferGate {
    /// One transfer's place.
    struct Place: Sendable {
        let account: String
        /// Turns so far.
        fileprivate(set) var turns = 0

        init(account: String) { self.account = account }
    }

    private struct Waiter {
        var ticket: Int
        var place: Place
        var passedOver = 0
        var continuation: CheckedContinuation<Bool, Never>
    }

    private let limit: Int
    private let patience: Int
    private var going: [String: Int] = [:]
    private var total = 0
    /// In the order in which they came.
    private var waiting: [Waiter] = []
    private var nextTicket = 0

    /// - Parameter limit: How many transfers go on at the same time.
    init(limit: Int) {
        self.limit = max(1, limit)
        patience = 4 * max(1, limit)
    }

    /// How many wait for a turn.
    var waiters: Int { waiting.count }

    /// Waits for a turn.
    ///
    /// - Returns: The place with its turn, to give back to ``leave(_:)``.
    func enter(_ place: Place) async throws(CancellationError) -> Place {
        var entering = place
        entering.turns += 1
        if total < limit, waiting.isEmpty {
            guard !Task.isCancelled else { throw CancellationError() }
            start(entering.account)
            return entering
        }
        let (ticket, waiter) = (nextTicket, entering)
        nextTicket += 1
        let mayGoOn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiting.append(Waiter(ticket: ticket, place: waiter, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await self.withdraw(ticket) }
        }
        guard mayGoOn else { throw CancellationError() }
        return entering
    }

    /// Gives the turn back.
    func leave(_ place: Place) {
        total -= 1
        going[place.account, default: 1] -= 1
        if going[place.account] == 0 { going[place.account] = nil }
        letNextGoOn()
    }

    private func start(_ account: String) {
        total += 1
        going[account, default: 0] += 1
    }

    private func letNextGoOn() {
        guard total < limit, !waiting.isEmpty else { return }
        let index = waiting.indices.first { waiting[$0].passedOver >= patience } ?? fairest
        let next = waiting.remove(at: index)
        for index in waiting.indices[..<index] { waiting[index].passedOver += 1 }
        start(next.place.account)
        next.continuation.resume(returning: true)
    }

    private var fairest: Int {
        var best = 0
        for index in waiting.indices.dropFirst() where rank(index) < rank(best) { best = index }
        return best
    }

    private func rank(_ index: Int) -> (Int, Int) {
        (going[waiting[index].place.account] ?? 0, waiting[index].place.turns)
    }

    private func withdraw(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
