import ExportCore

/// What many seeds together must have met: transitions of jobs, events of the machine, kinds of records, faults. `simulate`
/// fails a long run in which one of them never happened.
public enum Coverage {
    /// Of both modes.
    private static let common = [
        "crash", "freeze", "zombie", "illegal generation", "producer died", "offsets lost", "late answer", "lost",
        "duplicate", "account paused", "intake paused: pending", "output too large", "records refused",
        "transfer ended", "download suspended", "download resumed", "store paused", "store resumed",
        "batch event reduced", "submissions paused", "calls paused", "resumed",
    ]
    private static let exactlyOnce = [
        "refused by its batch", "batch manifest", "batch without manifest", "batch waited for job",
    ]
    private static let atLeastOnce = ["event repeated", "overwrite"]
    private static let faults: [Faults] = [
        .crash, .freeze, .scaling, .abort, .unknownOutcome, .compaction, .errorBefore, .errorAfter, .slow, .vanish,
        .anomaly, .clock, .download, .offsetsLost, .store,
    ]
    private static let records = ["export", "cancel", "pause", "resume", "unreadable"]
    /// Without those that only recreated topics have, and those that the simulated log does not send.
    private static let events = [
        "assigned", "restored", "restoreFinished", "received", "committed", "commitFailed", "outputsRefused",
        "generationChanged", "answered", "revoked", "lost", "partitionCount", "credentialsChanged", "stop", "stopNow",
        "tick",
    ]

    static func name(ofTransition old: JobPhase?, to new: JobPhase) -> String {
        "transition: \(old.map { "\($0)" } ?? "new") to \(new)"
    }

    static func name(of fault: Faults) -> String { "fault: \(fault.list.joined(separator: " "))" }

    /// Names in the counts that a hundred seeds have met already.
    static func situations(_ delivery: Delivery) -> [String] {
        // Every way in which a job can end, those of later versions too.
        common + (delivery == .exactlyOnce ? exactlyOnce : atLeastOnce) + JobBatchStatus.allCases.map { "batch: \($0)" }
            + JobStatus.allCases.map { "ended: \($0)" } + JobErrorCode.allCases.map { "error: \($0)" }
    }

    /// What never happened.
    public static func missing(in counts: [String: Int], delivery: Delivery) -> [String] {
        var wanted = situations(delivery)
        wanted += faults.map(name(of:)) + records.map { "record: \($0)" } + events.map { "event: \($0)" }
        // A finished job is written again only where the outcome of a write was unknown.
        for old in [nil] + JobPhase.allCases.map(Optional.some) where old != .finished {
            wanted += JobPhase.allCases.filter { Oracle.permits(old, $0) }.map { name(ofTransition: old, to: $0) }
        }
        return wanted.filter { counts[$0] ?? 0 == 0 }
    }
}

extension WorkerEvent {
    /// The event's kind, for the counts.
    var coverageName: String {
        switch self {
        case .assigned: "event: assigned"
        case .restored: "event: restored"
        case .restoreFinished: "event: restoreFinished"
        case .restoreFailed: "event: restoreFailed"
        case .anchored: "event: anchored"
        case .discontinuity: "event: discontinuity"
        case .received: "event: received"
        case .jobsEnd: "event: jobsEnd"
        case .committed: "event: committed"
        case .commitFailed: "event: commitFailed"
        case .outputsRefused: "event: outputsRefused"
        case .generationChanged: "event: generationChanged"
        case .answered: "event: answered"
        case .revoked: "event: revoked"
        case .lost: "event: lost"
        case .partitionCount: "event: partitionCount"
        case .credentialsChanged: "event: credentialsChanged"
        case .stop: "event: stop"
        case .stopNow: "event: stopNow"
        case .tick: "event: tick"
        }
    }
}

extension JobInput.Content {
    /// The record's kind, for the counts.
    var coverageName: String {
        switch self {
        case .export: "record: export"
        case .cancel: "record: cancel"
        case .pause: "record: pause"
        case .resume: "record: resume"
        case .unreadable: "record: unreadable"
        }
    }
}
