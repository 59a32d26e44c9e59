/// Lets a bounded number of tasks go on at the same time; the others wait in the order in which they came.
actor SlotPool {
    private var free: Int
    private var waiting: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    private var nextTicket = 0

    /// - Parameter slots: How many tasks may go on.
    init(slots: Int) { free = max(1, slots) }

    /// Waits for a slot.
    ///
    /// - Returns: Whether there is one; false when the task was cancelled.
    func take() async -> Bool {
        if free > 0, !Task.isCancelled {
            free -= 1
            return true
        }
        let ticket = nextTicket
        nextTicket += 1
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiting.append((ticket, continuation))
                }
            }
        } onCancel: {
            Task { await self.leave(ticket) }
        }
    }

    /// Gives a slot back.
    func give() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().continuation.resume(returning: true)
        }
    }

    private func leave(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
