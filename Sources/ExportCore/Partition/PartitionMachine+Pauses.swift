/// Pauses: commands that hold submissions back, or every call, until another command or a time.
///
/// A job that is paused keeps its phase and its deadline. Its call is parked here instead of in the queues of the scheduler,
/// where it would wait for a budget and a slot that others could use.
extension PartitionMachine {
    // MARK: Commands

    /// Decides a pause. One of the same target is replaced.
    mutating func pause(_ command: JobPause, _ input: JobInput, at now: EventTime, _ decisions: inout Decisions) {
        if let account = command.target.account, number(ofAccount: account) == nil {
            return deadLetter(input, reason: Self.unknownAccount(account, "pause"), &decisions)
        }
        let pauses = self.pauses.pauses.filter { $0.target != command.target }
        guard pauses.count < PauseTable.limit else {
            let message =
                "The partition has \(pauses.count) pauses already, which is the most. End some of them with a resume command, and pause again."
            return deadLetter(input, reason: message, &decisions)
        }
        let textBytes = pauses.reduce(command.textBytes) { $0 + $1.textBytes }
        guard textBytes <= PauseTable.textLimit else {
            let message =
                "The accounts and reasons of the partition's pauses would have \(textBytes) bytes, and can have \(PauseTable.textLimit). Pause with a shorter reason, or end some pauses with a resume command."
            return deadLetter(input, reason: message, &decisions)
        }
        var pause = command
        pause.since = now.wall
        if let until = pause.until, until <= now.wall { return decide(pauses, at: now, &decisions) }
        decide(pauses + [pause], at: now, &decisions)
        decisions.reportsUponCommit.append(.jobsPaused(partition: partition, pause))
    }

    /// Ends every pause whose jobs are all among those of the command.
    mutating func endPauses(of target: PauseTarget, _ input: JobInput, at now: EventTime, _ decisions: inout Decisions)
    {
        let ended = pauses.pauses.filter { target.contains($0.target) }
        guard !ended.isEmpty else {
            guard let account = target.account, number(ofAccount: account) == nil else { return }
            return deadLetter(input, reason: Self.unknownAccount(account, "resume"), &decisions)
        }
        decide(pauses.pauses.filter { !target.contains($0.target) }, at: now, &decisions)
    }

    private static func unknownAccount(_ account: String, _ command: String) -> String {
        "The account '\(account)' of the \(command) command is not configured at this worker. Name a configured account, or leave the account out for all."
    }

    /// Ends the pauses whose time is over.
    mutating func endDuePauses(at now: EventTime, _ decisions: inout Decisions) {
        if pauses.nextEnd <= now.wall.milliseconds { decide(pauses.pauses, at: now, &decisions) }
    }

    /// Decides the partition's pauses, without those whose time is over.
    private mutating func decide(_ wanted: [JobPause], at now: EventTime, _ decisions: inout Decisions) {
        let new = wanted.filter { $0.until.map { $0 > now.wall } ?? true }
        guard new != pauses.pauses else { return }
        let ended = pauses.pauses.filter { !new.contains($0) }
        if !ended.isEmpty {
            decisions.endOfPauses = pauses.beginEnd(of: configuration.safeguards.endsOfPauses ? ended : [])
        }
        apply(.pauses(new))
        decisions.records.append(.state(partition: partition, .pauses(new)))
        for pause in ended where !new.contains(where: { $0.target == pause.target }) {
            decisions.reportsUponCommit.append(.jobsResumed(partition: partition, pause))
        }
    }

    // MARK: Calls

    /// Parks a call that a pause holds back.
    ///
    /// - Returns: whether it does.
    mutating func park(_ token: CallToken) -> Bool {
        guard isHeld(token) else { return false }
        // Only the table decides whether a job waits for a call, and it does not change meanwhile.
        pauses.park(token) { [table] token in
            table.contains(token.place) && table[token.place].callID == token.callID
        }
        return true
    }

    /// Whether a pause holds back a call that its job waits for.
    private func isHeld(_ token: CallToken) -> Bool {
        guard !pauses.isEmpty, configuration.safeguards.pauses, token.kind != .manifest, token.epoch == epoch,
            isLive(token)
        else {
            return false
        }
        return pauses.holds(token.kind, account: token.account, kind: table[token.place].kind)
    }

    /// The end of pauses is committed.
    ///
    /// - Returns: the calls that were parked, to be queued again; none where all of them are still held back, as after
    ///   the renewal of a pause.
    mutating func endOfPausesCommitted(_ revision: UInt32) -> [CallToken] {
        let isChanged = pauses.committed(revision, accounts: configuration.accounts)
        // With this check disabled, the calls are released when the end is decided.
        guard isChanged || !configuration.safeguards.endsOfPauses else { return [] }
        countPending()
        return pauses.takeParked()
    }

    /// Why the job's present call is held back; `nil` when it is not.
    func pause(holding entry: borrowing JobEntry, _ call: CallKind) -> JobPause? {
        guard entry.activity == .queued, pauses.holds(call, account: entry.account, kind: entry.kind) else {
            return nil
        }
        let account = Int(entry.account)
        guard account < configuration.accounts.count else { return nil }
        return pauses.holding(call, account: configuration.accounts[account], kind: entry.kind)
    }

    // MARK: Auditing

    /// Checks that exactly the calls of paused jobs are parked.
    func auditPauses() -> String? {
        for token in pauses.parked where isLive(token) && !isHeld(token) {
            return "a call is parked, and no pause holds it"
        }
        return nil
    }
}
