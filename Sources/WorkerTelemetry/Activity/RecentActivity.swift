package import ExportCore
package import Foundation
import Primitives
import Synchronization
package import WorkerRuntime

/// Activity since the start: totals, the newest incidents, and whether Kafka can be reached.
///
/// Its memory is bounded, and it occupies the engine's thread only briefly.
package final class RecentActivity: WorkerObserver {
    /// Numbers since the start.
    package struct Totals: Sendable, Codable, Equatable {
        package var accepted = 0
        package var completed = 0
        package var failed = 0
        package var cancelled = 0
        package var rejected = 0
        package var duplicates = 0
        package var deadLetters = 0
        package var attemptsFailed = 0
        package var callFailures = 0
        package var throttled = 0
        package var commits = 0
        package var commitFailures = 0
        package var recordsCommitted = 0

        package var events: Int { completed + failed + cancelled + rejected }
    }

    /// What is shown of the worker's past, and the present problems with Kafka.
    package struct Figures: Sendable {
        package var totals = Totals()
        package var ring = IncidentRing()
        package var connectionProblem: LogProblem?
        /// Why commits cannot be made, when they cannot.
        package var producerProblem: LogProblem?
        /// Why the state of partitions cannot be read, where it was tried more than once.
        package var failingRestores: [Int32: LogProblem] = [:]
        /// Why the delivery of partitions' jobs cannot begin, where it was tried for several seconds.
        package var failingBegins: [Int32: LogProblem] = [:]
        /// Why leaders of partitions have not answered for a while.
        package var silentLeaders: [Int32: LogProblem] = [:]
        /// Whether no leader of this worker's partitions answers.
        package var areAllLeadersSilent = false
        package var lastCommit: (at: Date, seconds: Double, records: Int)?
        package var lastCommitFailure: String?
        /// The end offsets of the jobs topic's partitions, where they are known.
        package var ends: [Int32: Int64] = [:]
        /// The progress of restores that are running, by partition.
        package var restoring: [Int32: LogObservation.RestoreProgress] = [:]
        /// Until when calls are held back, as last reported for each account and kind.
        package var throttledUntil: [CallActivity.Key: Date] = [:]
        /// The service's last `Retry-After`, where it was longer than the worker waits.
        package var retryAfterCut: [CallActivity.Key: Duration] = [:]
    }

    private let state = Mutex(Figures())
    private let texts: any OperatorTexts

    /// Creates an empty activity.
    ///
    /// - Parameter texts: what an operator can do.
    package init(texts: any OperatorTexts) { self.texts = texts }

    package var figures: Figures { state.withLock { $0 } }

    // MARK: Observing

    /// Records what the engine reports.
    package func report(_ report: Report) {
        // Most reports are of these kinds and need no text.
        if case .accepted = report { return state.withLock { $0.totals.accepted += 1 } }
        if case .ended(_, let event) = report, event.status == .completed {
            return state.withLock { $0.totals.completed += 1 }
        }
        let time = Date()
        let incident = Incident(report, texts, at: time)
        state.withLock { state in
            state.count(report, at: time)
            if let incident { state.ring.add(incident) }
        }
    }

    /// Records what the Kafka log reports.
    package func observe(_ observation: LogObservation) {
        let time = Date()
        state.withLock { state in
            switch observation {
            case .commitAborted, .rebalanced, .consumed, .sent, .unread, .headers: break
            case .ends(let ends): state.ends = ends
            case .restoring(let progress): state.restoring[progress.partition] = progress
            case .restored(let partition, _, _):
                state.restoring[partition] = nil
                state.failingRestores[partition] = nil
                state.failingBegins[partition] = nil
            case .restoreFailing(let partition, let problem): state.failingRestores[partition] = problem
            case .beginFailing(let partition, let problem): state.failingBegins[partition] = problem
            case .leadersSilent(let problems, let isEvery):
                state.silentLeaders = problems
                state.areAllLeadersSilent = isEvery
            case .producer(let problem):
                state.producerProblem = problem
                if let problem {
                    state.ring.add(Incident(.critical, "The producer is not ready", problem, texts, at: time))
                }
            case .committed(let records, let seconds):
                state.totals.commits += 1
                state.totals.recordsCommitted += records
                state.lastCommit = (time, seconds, records)
            case .commitFailed(let reason):
                state.totals.commitFailures += 1
                state.lastCommitFailure = reason
                state.ring.add(
                    Incident(
                        .warning,
                        "Commit failed",
                        text: reason,
                        remedy: texts.remedy(for: .retrying),
                        at: time
                    )
                )
            case .connection(let problem?):
                state.connectionProblem = problem
                state.ring.add(Incident(.critical, "Kafka cannot be used", problem, texts, at: time))
            case .connection(nil):
                state.connectionProblem = nil
                state.ring.add(Incident(.notice, "Kafka can be used again", at: time))
            }
        }
    }
}

extension RecentActivity.Figures {
    fileprivate mutating func count(_ report: Report, at time: Date) {
        switch report {
        case .ended(_, let event):
            switch event.status {
            case .completed: totals.completed += 1
            case .failed: totals.failed += 1
            case .cancelled: totals.cancelled += 1
            case .rejected: totals.rejected += 1
            }
        case .released(let partition, _, _), .lost(let partition, _, _):
            failingRestores[partition] = nil
            failingBegins[partition] = nil
        case .duplicate: totals.duplicates += 1
        case .deadLettered: totals.deadLetters += 1
        case .attemptFailed: totals.attemptsFailed += 1
        case .callFailed, .manifestFailed: totals.callFailures += 1
        case .throttled(let account, let kind, let wait, let asked):
            totals.throttled += 1
            let key = CallActivity.Key(account: account, kind: kind)
            throttledUntil[key] = time.addingTimeInterval(wait.inSeconds)
            retryAfterCut[key] = asked
        default: break
        }
    }
}
