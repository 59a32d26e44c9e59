import ExportCore

/// One worker's downloads in flight, and what must hold for them: never more run than there are slots, none waits while
/// a slot is free, and no account waits for more than a few turns of the others.
struct DownloadProgress {
    private struct Download {
        var token: CallToken
        var account: String
        /// Its result and the time that it still takes; `nil` until its request has arrived.
        var transfer: (result: CallResult, remaining: Int64)?
        /// Since when it runs; `nil` while it is suspended.
        var runsSince: Int64?
        /// Identifies the scheduled end.
        var turn = 0
    }

    private let accounts: [String]
    private let slots: Int
    /// How long an account may wait without a slot.
    private let limit: Int64
    /// In the order of their start.
    private var downloads: [Download] = []
    private var waitingSince: [Int64?]

    init(_ configuration: CoreConfiguration) {
        accounts = configuration.accounts
        slots = configuration.maxConcurrentDownloads
        limit = configuration.downloadTurn.wholeMilliseconds * Int64(2 * accounts.count + 2)
        waitingSince = accounts.map { _ in nil }
    }

    var count: Int { downloads.count }
    private var running: Int { downloads.count { $0.runsSince != nil } }

    /// The downloads of an assignment.
    func tokens(partition: Int32, epoch: Epoch) -> [CallToken] {
        downloads.map(\.token).filter { $0.partition == partition && $0.epoch == epoch }
    }

    // MARK: Steps

    mutating func started(_ call: Call, at now: Int64) {
        downloads.append(Download(token: call.token, account: call.job.account, runsSince: now))
    }

    /// The request has arrived, and the transfer takes this long.
    ///
    /// - Returns: the end to schedule; `nil` while the download is suspended.
    mutating func arrived(
        _ token: CallToken,
        _ result: CallResult,
        duration: Int64,
        at now: Int64
    ) -> (after: Int64, turn: Int)? {
        guard let place = place(of: token) else { return nil }
        downloads[place].transfer = (result, duration)
        guard downloads[place].runsSince != nil else { return nil }
        downloads[place].runsSince = now
        return (duration, downloads[place].turn)
    }

    /// Returns what is wrong.
    mutating func suspended(_ token: CallToken, at now: Int64) -> String? {
        guard let place = place(of: token), let since = downloads[place].runsSince else {
            return "suspends a download that does not run"
        }
        downloads[place].runsSince = nil
        downloads[place].turn += 1
        downloads[place].transfer?.remaining -= now - since
        return nil
    }

    /// - Returns: the end to schedule; `nil` while the request has not arrived.
    mutating func resumed(_ token: CallToken, at now: Int64) -> (after: Int64, turn: Int)? {
        guard let place = place(of: token) else { return nil }
        downloads[place].runsSince = now
        return downloads[place].transfer.map { (max(0, $0.remaining), downloads[place].turn) }
    }

    /// The result at a scheduled end; `nil` when the download was suspended before or has ended.
    func result(_ token: CallToken, turn: Int) -> CallResult? {
        downloads.first { $0.token == token && $0.turn == turn }?.transfer?.result
    }

    mutating func ended(_ token: CallToken) { downloads.removeAll { $0.token == token } }

    private func place(of token: CallToken) -> Int? { downloads.firstIndex { $0.token == token } }

    /// The process was paused: its accounts' waits begin again.
    mutating func thawed() { waitingSince = accounts.map { _ in nil } }

    // MARK: Checks

    /// Returns what is wrong after a step of the worker.
    ///
    /// - Parameter waiting: how many downloads could run in a free slot, by account.
    mutating func violation(_ waiting: [Int], at now: Int64) -> String? {
        let (running, suspended) = (running, downloads.count - running)
        guard running <= slots else { return "runs \(running) downloads, and has \(slots) slots" }
        guard suspended <= slots + accounts.count else { return "has suspended \(suspended) downloads" }
        if running < slots, waiting.contains(where: { $0 > 0 }) {
            return "runs \(running) downloads in \(slots) slots, and \(waiting.reduce(0, +)) wait"
        }
        for (index, count) in waiting.enumerated() {
            let isRunning = downloads.contains { $0.account == accounts[index] && $0.runsSince != nil }
            guard count > 0, !isRunning else {
                waitingSince[index] = nil
                continue
            }
            let since = waitingSince[index] ?? now
            waitingSince[index] = since
            if now - since > limit { return "lets no download of '\(accounts[index])' run for \(now - since) ms" }
        }
        return nil
    }
}
