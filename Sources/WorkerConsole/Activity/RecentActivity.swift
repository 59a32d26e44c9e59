public import ExportCore
import Foundation
import Synchronization
public import WorkerRuntime

/// What happened since the start: totals, the newest incidents, and whether Kafka can be reached.
///
/// Its memory is bounded, and its turns on the engine's thread are short.
public final class RecentActivity: WorkerObserver {
    /// Numbers since the start.
    struct Totals: Sendable, Codable, Equatable {
        var accepted = 0
        var completed = 0
        var failed = 0
        var cancelled = 0
        var rejected = 0
        var duplicates = 0
        var deadLetters = 0
        var attemptsFailed = 0
        var callFailures = 0
        var throttled = 0
        var commits = 0
        var commitFailures = 0
        var recordsCommitted = 0

        var events: Int { completed + failed + cancelled + rejected }
    }

    struct Figures: Sendable {
        var totals = Totals()
        var ring = IncidentRing()
        var connectionProblem: String?
        var connectionProblemSince: Date?
        var lastCommit: (at: Date, seconds: Double, records: Int)?
        var lastCommitFailure: String?
        /// Ends of the jobs topic's partitions, where they are known.
        var ends: [Int32: Int64] = [:]
        /// State partitions that are being read.
        var restoring: [Int32: LogObservation.RestoreProgress] = [:]
        /// Until when the service wants no calls, as far as it was told.
        var throttledUntil: [CallActivity.Key: Date] = [:]
    }

    private let state = Mutex(Figures())
    private let now: @Sendable () -> Date

    /// Creates an activity that has seen nothing.
    public convenience init() { self.init(now: { Date() }) }

    init(now: @escaping @Sendable () -> Date) { self.now = now }

    var figures: Figures { state.withLock { $0 } }

    // MARK: Observing

    /// Takes what the engine reports.
    public func report(_ report: Report) {
        // Most reports are of these kinds and need no text.
        if case .accepted = report { return state.withLock { $0.totals.accepted += 1 } }
        if case .ended(_, let event) = report, event.status == .completed {
            return state.withLock { $0.totals.completed += 1 }
        }
        let moment = now()
        let incident = Incident(report, at: moment)
        state.withLock { state in
            state.count(report, at: moment)
            if let incident { state.ring.add(incident) }
        }
    }

    /// Takes what the log tells.
    public func observe(_ observation: LogObservation) {
        let moment = now()
        state.withLock { state in
            switch observation {
            case .commitAborted, .rebalanced, .consumed, .sent: break
            case .ends(let ends): state.ends = ends
            case .restoring(let progress): state.restoring[progress.partition] = progress
            case .restored(let partition, _, _): state.restoring[partition] = nil
            case .committed(let records, let seconds):
                state.totals.commits += 1
                state.totals.recordsCommitted += records
                state.lastCommit = (moment, seconds, records)
            case .commitFailed(let reason):
                state.totals.commitFailures += 1
                state.lastCommitFailure = reason
                state.ring.add(
                    Incident(
                        .warning,
                        "Commit failed",
                        text: reason,
                        remedy: "It is repeated by itself.",
                        at: moment
                    )
                )
            case .connection(let problem?):
                if state.connectionProblem == nil { state.connectionProblemSince = moment }
                state.connectionProblem = problem
                state.ring.add(
                    Incident(
                        .critical,
                        "Kafka cannot be reached",
                        text: problem,
                        remedy: Remedies.kafkaUnreachable,
                        at: moment
                    )
                )
            case .connection(nil):
                state.connectionProblem = nil
                state.connectionProblemSince = nil
                state.ring.add(Incident(.notice, "Kafka can be reached again", at: moment))
            }
        }
    }
}

extension RecentActivity.Figures {
    fileprivate mutating func count(_ report: Report, at moment: Date) {
        switch report {
        case .ended(_, let event):
            switch event.status {
            case .completed: totals.completed += 1
            case .failed: totals.failed += 1
            case .cancelled: totals.cancelled += 1
            case .rejected: totals.rejected += 1
            }
        case .duplicate: totals.duplicates += 1
        case .deadLettered: totals.deadLetters += 1
        case .attemptFailed: totals.attemptsFailed += 1
        case .callFailed: totals.callFailures += 1
        case .throttled(let account, let kind, let wait):
            totals.throttled += 1
            throttledUntil[CallActivity.Key(account: account, kind: kind)] =
                moment.addingTimeInterval(wait.inSeconds)
        default: break
        }
    }
}
