public import ExportCore
import ExportRecords
import Logging

/// Writes what happens into the log: constant messages, the rest as metadata.
struct ReportLogger: WorkerObserver {
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func report(_ report: Report) {
        switch report {
        case .accepted, .duplicate, .ended, .deadLettered, .attemptFailed, .callFailed: job(report)
        case .accountPaused, .accountResumed, .throttled, .intakePaused, .intakeResumed: flow(report)
        case .active, .stopped, .released, .lost, .lateAnswer: partition(report)
        }
    }

    func observe(_ observation: LogObservation) {
        switch observation {
        case .committed, .commitAborted, .restoring, .consumed, .sent, .ends: break
        case .rebalanced(let kind, let partitions):
            logger.info(
                "The group's assignment changed",
                metadata: ["change": "\(kind.rawValue)", "partitions": "\(partitions)"]
            )
        case .restored(let partition, let records, let seconds):
            logger.info(
                "State partition read",
                metadata: [
                    "partition": "\(partition)", "records": "\(records)", "seconds": "\(seconds.rounded(to: 3))",
                ]
            )
        case .commitFailed(let reason):
            logger.warning("Commit failed; it is repeated", metadata: ["reason": "\(reason)"])
        case .connection(nil): logger.notice("Kafka can be reached again")
        case .connection(let problem?):
            logger.error("Kafka cannot be reached; trying on", metadata: ["reason": "\(problem)"])
        }
    }

    private func job(_ report: Report) {
        switch report {
        case .accepted(let partition, let job, let keyIsJobID, let warnings):
            logger.debug("Job accepted", metadata: ["job": "\(job)", "partition": "\(partition)"])
            if !keyIsJobID {
                logger.warning(
                    "The record's key is not the jobId; deduplication and cancelling reach only as far as its partition",
                    metadata: ["job": "\(job)", "partition": "\(partition)"]
                )
            }
            for warning in warnings {
                logger.warning(
                    "The job is odd and runs all the same",
                    metadata: ["job": "\(job)", "field": "\(warning.field)", "reason": "\(warning.message)"]
                )
            }
        case .duplicate(let partition, let job, let eventRepeated):
            logger.info(
                "The same job came again; it runs once",
                metadata: ["job": "\(job)", "partition": "\(partition)", "eventRepeated": "\(eventRepeated)"]
            )
        case .ended(let partition, let event): ended(partition, event)
        case .deadLettered(let partition, let offset, let reason):
            logger.warning(
                "A record is no job; it went to the dead-letter topic",
                metadata: ["partition": "\(partition)", "offset": "\(offset)", "reason": "\(reason)"]
            )
        case .attemptFailed(let partition, let job, let attempt):
            logger.warning(
                "The service ended an export as Failed",
                metadata: ["job": "\(job)", "partition": "\(partition)", "attempt": "\(attempt)"]
            )
        case .callFailed(let partition, let job, let kind, let message):
            logger.info(
                "A call failed; it is repeated",
                metadata: [
                    "job": "\(job)", "partition": "\(partition)", "call": "\(kind)", "reason": "\(message)",
                ]
            )
        default: break
        }
    }

    private func ended(_ partition: Int32, _ event: CompletionEvent) {
        var metadata: Logger.Metadata = [
            "job": "\(event.jobID)", "partition": "\(partition)", "status": "\(event.status.name)",
        ]
        if let traceID = event.trace?.traceID { metadata["traceId"] = "\(traceID)" }
        if let requestID = event.requestID { metadata["requestId"] = "\(requestID)" }
        if let error = event.error {
            metadata["code"] = "\(error.code.name)"
            metadata["reason"] = "\(error.message)"
        }
        logger.info("Job finished", metadata: metadata)
    }

    private func flow(_ report: Report) {
        switch report {
        case .accountPaused(let account, let problem):
            logger.error(
                "Account paused; its jobs wait",
                metadata: ["account": "\(account)", "reason": "\(problem.message)"]
            )
        case .accountResumed(let account):
            logger.notice("Account works again", metadata: ["account": "\(account)"])
        case .throttled(let account, let kind, let wait):
            logger.warning(
                "The service asks for fewer calls",
                metadata: ["account": "\(account)", "call": "\(kind)", "wait": "\(wait)"]
            )
        case .intakePaused(let reason):
            logger.warning("Intake paused", metadata: ["reason": "\(reason.explanation)"])
        case .intakeResumed(let reason):
            logger.notice("Intake resumed", metadata: ["reason": "\(reason)"])
        default: break
        }
    }

    private func partition(_ report: Report) {
        switch report {
        case .active(let partition, let epoch, let jobs):
            logger.info(
                "Partition active",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)", "jobs": "\(jobs)"]
            )
        case .stopped(let partition, let epoch, let reason):
            logger.critical(
                "Partition stopped; nothing of it is touched",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)", "reason": "\(reason)"]
            )
        case .released(let partition, let epoch, let jobs):
            logger.info(
                "Partition handed over",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)", "jobs": "\(jobs)"]
            )
        case .lost(let partition, let epoch, let dropped):
            logger.warning(
                "Partition lost; what was not committed is dropped",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)", "records": "\(dropped)"]
            )
        case .lateAnswer(let partition, let epoch):
            logger.debug(
                "Answer for an earlier assignment dropped",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)"]
            )
        default: break
        }
    }
}

extension Double {
    /// So many digits after the point.
    fileprivate func rounded(to digits: Int) -> Double {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}

extension IntakePause {
    /// Why, and what ends it.
    public var explanation: String {
        switch self {
        case .pending:
            "As many jobs as WORKER_MAX_PENDING wait to be submitted; intake goes on when a fifth of them is."
        case .failures:
            "Nearly every job of late was refused. Look at the dead-letter topic; intake tries a few jobs again shortly."
        case .commits: "Commits to Kafka do not keep up; intake goes on when they have."
        }
    }
}
