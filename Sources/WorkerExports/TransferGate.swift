/// Limits the number of concurrent transfers. A transfer whose turn is over yields to a waiting one and waits itself,
/// so that a huge file does not delay small ones and no account delays the others.
///
/// The next turn goes to the account with the fewest running transfers, then to the transfer with the fewest turns,
/// because a small file needs only one. A transfer that was passed over many times comes first.
actor TransferGate {
    /// One transfer at the gate.
    struct Place: Sendable {
        let account: String
        /// Turns so far.
        fileprivate(set) var turns = 0

        init(account: String) { self.account = account }
    }

    private struct Waiter {
        var id: Int
        var place: Place
        var passedOver = 0
        var continuation: CheckedContinuation<Bool, Never>
    }

    private let limit: Int
    private let patience: Int
    private var running: [String: Int] = [:]
    private var total = 0
    /// In the order of arrival.
    private var waiting: [Waiter] = []
    private var nextWaiterID = 0

    /// - Parameter limit: How many transfers run at the same time.
    init(limit: Int) {
        self.limit = max(1, limit)
        patience = 4 * max(1, limit)
    }

    /// The number of transfers that wait for a turn.
    var waiters: Int { waiting.count }

    /// Waits for a turn.
    ///
    /// - Returns: The place with its turn, to return with ``leave(_:)``.
    func enter(_ place: Place) async throws(CancellationError) -> Place {
        var entering = place
        entering.turns += 1
        if total < limit, waiting.isEmpty {
            guard !Task.isCancelled else { throw CancellationError() }
            start(entering.account)
            return entering
        }
        let (id, waiter) = (nextWaiterID, entering)
        nextWaiterID += 1
        let isAdmitted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiting.append(Waiter(id: id, place: waiter, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await self.withdraw(id) }
        }
        guard isAdmitted else { throw CancellationError() }
        return entering
    }

    /// Ends a turn.
    func leave(_ place: Place) {
        total -= 1
        running[place.account, default: 1] -= 1
        if running[place.account] == 0 { running[place.account] = nil }
        admitNext()
    }

    private func start(_ account: String) {
        total += 1
        running[account, default: 0] += 1
    }

    private func admitNext() {
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
        (running[waiting[index].place.account] ?? 0, waiting[index].place.turns)
    }

    private func withdraw(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
