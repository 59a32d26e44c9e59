import WorkerRuntime

/// One transfer's turns at the gate, and the reports of its progress.
actor TransferTurn {
    /// How long a turn lasts while others wait.
    struct Length: Sendable {
        /// Bytes after which a turn ends.
        var bytes = 32 * 1_024 * 1_024
        /// Time after which a turn ends, if it ends before ``bytes``.
        var time: Duration = .seconds(10)
    }

    private let gate: TransferGate
    private let activity: FileActivity
    private let token: FileActivity.Token
    private let length: Length
    private var place: TransferGate.Place
    private var holdsTurn = false
    private var bytes = 0
    private var began = ContinuousClock.now

    /// Waits for the first turn.
    init(
        _ gate: TransferGate,
        account: String,
        _ activity: FileActivity,
        _ token: FileActivity.Token,
        _ length: Length
    ) async throws(CancellationError) {
        self.gate = gate
        self.activity = activity
        self.token = token
        self.length = length
        place = TransferGate.Place(account: account)
        try await take()
    }

    /// Notes the file's size.
    func expect(_ size: Int64?) { activity.update(token) { $0.expectedBytes = size } }

    /// The download starts again from the first byte.
    func restarted() { activity.update(token) { $0.receivedBytes = 0 } }

    /// Notes received and stored bytes. Returns when the transfer may continue.
    func received(_ count: Int) async throws(CancellationError) {
        activity.update(token) { $0.receivedBytes += Int64(count) }
        bytes += count
        guard bytes >= length.bytes || ContinuousClock.now - began >= length.time else { return }
        if await gate.waiters > 0 {
            holdsTurn = false
            await gate.leave(place)
            try await take()
        } else {
            begin()
        }
    }

    /// Ends the transfer.
    func end() async {
        guard holdsTurn else { return }
        holdsTurn = false
        await gate.leave(place)
    }

    private func take() async throws(CancellationError) {
        activity.update(token) { $0.isWaiting = true }
        place = try await gate.enter(place)
        holdsTurn = true
        begin()
        activity.update(token) { $0.isWaiting = false }
    }

    private func begin() {
        bytes = 0
        began = .now
    }
}
