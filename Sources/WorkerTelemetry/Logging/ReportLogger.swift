package import ExportCore
package import Logging
package import WorkerRuntime

/// Logs reports and observations: constant messages, values as metadata.
package struct ReportLogger: WorkerObserver {
    private let logger: Logger
    private let texts: any OperatorTexts
    private let problems: ReportedProblems

    /// Creates an observer that logs.
    ///
    /// - Parameter problems: problems that are found outside the engine, which are not logged twice.
    package init(_ logger: Logger, texts: any OperatorTexts, problems: ReportedProblems) {
        self.logger = logger
        self.texts = texts
        self.problems = problems
    }

    package func report(_ report: Report) {
        switch report {
        case .accepted, .duplicate, .ended, .batchEnded, .deadLettered, .outputDropped, .attemptFailed, .callFailed,
            .manifestFailed:
            job(report)
        case .accountPaused, .partlyRefused, .accountResumed, .storePaused, .storeResumed, .throttled, .intakePaused,
            .intakeResumed, .refusalsContinue:
            flow(report)
        case .jobsPaused(let partition, let pause):
            logger.notice("Jobs paused by an operator", metadata: pause.logMetadata(partition))
        case .jobsResumed(let partition, let pause):
            logger.notice("Jobs resumed", metadata: pause.logMetadata(partition))
        case .active, .stopped, .released, .lost, .lateAnswer: partition(report)
        case .unread, .foreignOffset: unread(report)
        }
    }

    package func observe(_ observation: LogObservation) {
        switch observation {
        case .committed, .commitAborted, .restoring, .consumed, .sent, .ends, .unread, .beginFailing(_, nil),
            .leadersSilent, .headers:
            break
        case .rebalanced(let kind, let partitions):
            logger.info(
                "The group's assignment changed",
                metadata: ["change": "\(kind.rawValue)", "partitions": "\(partitions)"]
            )
        case .restored(let partition, let records, let seconds):
            logger.info(
                "State partition read",
                metadata: [
                    "partition": "\(partition)", "records": "\(records)",
                    "duration_seconds": "\(seconds.rounded(to: 3))",
                ]
            )
        case .commitFailed(let reason):
            logger.warning("Commit failed, retrying", metadata: ["error.message": "\(reason)"])
        case .connection(nil): logger.notice("Kafka can be used again")
        case .connection(let problem?): logger.error("Kafka cannot be used, retrying", metadata: problem.logMetadata)
        case .producer(nil): logger.notice("The producer is ready again")
        case .producer(let problem?): logger.error("The producer is not ready, retrying", metadata: problem.logMetadata)
        case .restoreFailing(let partition, let problem):
            var metadata = problem.logMetadata
            metadata["partition"] = "\(partition)"
            logger.error("Restore failed again, retrying", metadata: metadata)
        case .beginFailing(let partition, let problem?):
            var metadata = problem.logMetadata
            metadata["partition"] = "\(partition)"
            logger.error("Delivery of a partition's jobs cannot begin, retrying", metadata: metadata)
        }
    }

    private func job(_ report: Report) {
        switch report {
        case .accepted(let partition, let job, let keyIsJobID, let warnings):
            accepted(partition, job, keyIsJobID, warnings)
        case .duplicate(let partition, let job, let eventRepeated):
            logger.info(
                "Duplicate job, not run again",
                metadata: ["job.id": "\(job)", "partition": "\(partition)", "event_repeated": "\(eventRepeated)"]
            )
        case .ended(let partition, let event): ended(partition, event)
        case .batchEnded(let partition, let event): ended(partition, event)
        case .deadLettered(let partition, let offset, let reason):
            logger.warning(
                "Record is not a valid job, copied to the dead-letter topic",
                metadata: ["partition": "\(partition)", "offset": "\(offset)", "reason": "\(reason)"]
            )
        case .outputDropped(let partition, let kind, let name):
            logger.error(
                "Record dropped, its topic accepts it in no form",
                metadata: ["partition": "\(partition)", "record": "\(kind.rawValue)", "name": "\(name)"]
            )
        case .attemptFailed(let partition, let job, let attempt):
            logger.warning(
                "Export failed at the service, queuing another one",
                metadata: ["job.id": "\(job)", "partition": "\(partition)", "attempt": "\(attempt)"]
            )
        case .callFailed(let partition, let job, let kind, let message):
            logger.info(
                "Call failed, retrying",
                metadata: [
                    "job.id": "\(job)", "partition": "\(partition)", "call": "\(kind.label)",
                    "error.message": "\(message)",
                ]
            )
        case .manifestFailed(let partition, let batch, let message):
            logger.info(
                "Storing a batch's manifest failed, retrying",
                metadata: ["batch.id": "\(batch)", "partition": "\(partition)", "error.message": "\(message)"]
            )
        default: break
        }
    }

    private func accepted(_ partition: Int32, _ job: String, _ keyIsJobID: Bool, _ warnings: [FieldError]) {
        logger.debug("Job accepted", metadata: ["job.id": "\(job)", "partition": "\(partition)"])
        if !keyIsJobID {
            logger.warning(
                "The record's key is not the jobId, deduplication and cancelling are limited to its partition",
                metadata: ["job.id": "\(job)", "partition": "\(partition)"]
            )
        }
        for warning in warnings {
            logger.warning(
                "Job accepted with warnings",
                metadata: ["job.id": "\(job)", "field": "\(warning.field)", "reason": "\(warning.message)"]
            )
        }
    }

    private func ended(_ partition: Int32, _ event: CompletionEvent) {
        // The most frequent line: no table that grows, and no interpolation of what is a string.
        var metadata = Logger.Metadata(minimumCapacity: 7)
        metadata["job.id"] = .string(event.jobID)
        metadata["partition"] = .string(String(partition))
        metadata["status"] = .string(event.status.name)
        if let traceID = event.trace?.traceID { metadata["trace_id"] = .string(traceID) }
        if let requestID = event.requestID { metadata["request.id"] = .string(requestID) }
        if let error = event.error {
            metadata["error.type"] = .string(error.code.name)
            metadata["error.message"] = .string(error.message)
        }
        logger.info("Job finished", metadata: metadata)
    }

    private func ended(_ partition: Int32, _ event: JobBatchEvent) {
        if let problem = event.manifestProblem {
            logger.warning(
                "Batch finished without its manifest, which could not be stored",
                metadata: ["batch.id": "\(event.batch.id)", "partition": "\(partition)", "error.message": "\(problem)"]
            )
        }
        guard event.status != .incomplete else {
            return logger.warning(
                "Batch ended at its deadline, jobs are missing",
                metadata: [
                    "batch.id": "\(event.batch.id)", "partition": "\(partition)", "jobs": "\(event.members.count)",
                    "size": "\(event.batch.size)",
                ]
            )
        }
        logger.info(
            "Batch finished",
            metadata: [
                "batch.id": "\(event.batch.id)", "partition": "\(partition)", "status": "\(event.status.name)",
                "jobs": "\(event.members.count)",
            ]
        )
    }

    private func flow(_ report: Report) {
        switch report {
        case .accountPaused(let account, let problem):
            logger.error(
                "Account paused, its jobs wait",
                metadata: [
                    "account": "\(account)", "error.type": "\(problem.label)", "error.message": "\(problem.message)",
                ]
            )
        case .partlyRefused(let account, let share):
            logger.warning(
                "Some calls require multi-factor authentication, retrying",
                metadata: ["account": "\(account)", "share": "\(Int((share * 100).rounded())) %"]
            )
        case .accountResumed(let account):
            logger.notice("Account resumed", metadata: ["account": "\(account)"])
        case .storePaused(let message):
            guard problems.store(message, noticedBy: .downloads) else { return }
            logger.error(
                "Downloads paused, the file store accepts no files",
                metadata: ["error.message": "\(message)"]
            )
        case .storeResumed:
            guard problems.store(nil, noticedBy: .downloads) else { return }
            logger.notice("Downloads resumed, the file store accepts files again")
        case .throttled(let account, let kind, let wait, let asked):
            logger.warning(
                "Calls throttled by the service",
                metadata: [
                    "account": "\(account)", "call": "\(kind.label)", "delay": "\(wait)",
                    "retry_after": "\(asked ?? wait)",
                ]
            )
        case .intakePaused(let reason):
            logger.warning("Intake paused", metadata: ["reason": "\(texts.explanation(of: reason))"])
        case .intakeResumed(let reason):
            logger.notice("Intake resumed", metadata: ["reason": "\(reason.rawValue)"])
        case .refusalsContinue(let paused):
            logger.error(
                "Nearly every job is still refused, intake continues",
                metadata: ["duration_seconds": "\(paused.components.seconds)"]
            )
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
                "Partition stopped until an operator acts",
                metadata: [
                    "partition": "\(partition)", "epoch": "\(epoch)", "reason": "\(reason.explanation)",
                    "remedy": "\(texts.remedy(for: reason, partition: partition))",
                ]
            )
        case .released(let partition, let epoch, let jobs):
            logger.info(
                "Partition released",
                metadata: ["partition": "\(partition)", "epoch": "\(epoch)", "jobs": "\(jobs)"]
            )
        case .lost(let partition, let epoch, let dropped):
            logger.warning(
                "Partition lost, uncommitted decisions dropped",
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

    private func unread(_ report: Report) {
        switch report {
        case .unread(let records):
            logger.error(
                "Records of the jobs topic were deleted unread",
                metadata: [
                    "partition": "\(records.partition)", "from": "\(records.from)", "to": "\(records.to)",
                    "offsets": "\(records.count)",
                ]
            )
        case .foreignOffset(let partition, let committed, let position):
            logger.error(
                "Another consumer commits in the group, reading from the worker's own position",
                metadata: [
                    "partition": "\(partition)", "committed": "\(committed)", "position": "\(position)",
                ]
            )
        default: break
        }
    }
}

extension LogProblem {
    /// The problem's parts as metadata of a constant message.
    fileprivate var logMetadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "reason": "\(cause.rawValue)", "error.type": "\(code)", "error.message": "\(message)",
        ]
        if !subject.isEmpty { metadata["subject"] = "\(subject)" }
        if !rights.isEmpty { metadata["rights"] = "\(rights.joined(separator: ", "))" }
        return metadata
    }
}

extension Double {
    /// Rounded to this many digits after the point.
    fileprivate func rounded(to digits: Int) -> Double {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        return (self * factor).rounded() / factor
    }
}
