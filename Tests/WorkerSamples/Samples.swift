package import ExportCore

/// Secrets in texts from outside, which no output may contain.
package enum Planted {
    package static let signature = "S3cr3tS1gnature"
    package static let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl"
    package static let url =
        "https://acct.blob.core.windows.net/exports/file.csv?sv=2023-11-03&sig=\(signature)%3D&se=2030"
    package static let text = "Cannot read \"\(url)\" with Bearer \(token); sig=\(signature) password=\(signature)"
    package static let all = [signature, "sv=2023-11-03", token, "se=2030"]
}

package enum Sample {
    package static let start = Instant(milliseconds: 1_790_000_000_000)

    package static func job(_ id: String = "job-1") -> ExportJob {
        ExportJob(id: id, kind: .transactionHistory, filter: "earningForDate ge 2023-03-01")
    }

    package static func event(_ status: JobStatus, _ code: JobErrorCode? = nil, message: String = "why")
        -> CompletionEvent
    {
        CompletionEvent(
            jobID: "job-1",
            status: status,
            source: RecordSource(partition: 0, offset: 7),
            job: job(),
            attempts: 1,
            error: code.map { JobError(code: $0, message: message) },
            times: JobTimes(accepted: start, finished: start.advanced(by: .seconds(90)))
        )
    }

    package static func batchEvent(_ status: JobBatchStatus) -> JobBatchEvent {
        JobBatchEvent(
            batch: JobBatch(id: "fy26", size: status == .incomplete ? 12 : 1),
            status: status,
            source: RecordSource(partition: 0, offset: 7),
            members: [.init(jobID: "job-1", status: status == .partial ? .failed : .completed)],
            accepted: start,
            ended: start.advanced(by: .seconds(90))
        )
    }

    package static let pause = JobPause(
        target: PauseTarget(account: "default", kind: .payments),
        until: start.advanced(by: .seconds(3_600)),
        reason: Planted.text,
        since: start
    )

    /// One report of every kind, with a secret in every text.
    package static let reports: [Report] = [
        .accepted(partition: 0, job: "job-1", keyIsJobID: true, warnings: []),
        .accepted(
            partition: 0,
            job: "job-2",
            keyIsJobID: false,
            warnings: [FieldError(field: "filter", message: Planted.text)]
        ),
        .duplicate(partition: 0, job: "job-1", eventRepeated: true),
        .ended(partition: 0, event: event(.completed)),
        .ended(partition: 0, event: event(.failed, .exportFailed, message: Planted.text)),
        .ended(partition: 0, event: event(.cancelled)),
        .ended(partition: 0, event: event(.rejected, .invalidJob, message: Planted.text)),
        .batchEnded(partition: 0, event: batchEvent(.completed)),
        .batchEnded(partition: 0, event: batchEvent(.incomplete)),
        .deadLettered(partition: 0, offset: 7, reason: Planted.text),
        .attemptFailed(partition: 0, job: "job-1", attempt: 1),
        .manifestFailed(partition: 0, batch: "fy26", message: Planted.text),
        .callFailed(partition: 0, job: "job-1", kind: .poll, message: Planted.text),
        .accountPaused(account: "default", .refused(message: Planted.text)),
        .partlyRefused(account: "default", share: 0.25), .accountResumed(account: "default"),
        .storePaused(message: Planted.text), .storeResumed,
        .throttled(account: "default", kind: .create, wait: .seconds(30), asked: .seconds(3_600)),
        .jobsPaused(partition: 0, pause), .jobsResumed(partition: 0, pause),
        .intakePaused(reason: .pending), .intakeResumed(reason: .pending),
        .active(partition: 0, epoch: 1, jobs: 3),
        .stopped(partition: 0, epoch: 1, reason: .stateUnreadable(offset: 1, cause: Planted.text)),
        .released(partition: 0, epoch: 1, jobs: 3), .lost(partition: 0, epoch: 1, dropped: 2),
        .lateAnswer(partition: 0, epoch: 1),
        .unread(UnreadRecords(partition: 0, from: 10, to: 14)),
        .foreignOffset(partition: 0, committed: 20, position: 14),
    ]

    /// Two open jobs, one of them late.
    package static func jobSnapshot() -> JobSnapshot {
        var snapshot = JobSnapshot()
        snapshot.counts = [
            .init(account: "default", kind: .payments, phase: .waiting): 40,
            .init(account: nil, kind: .transactionHistory, phase: .submitting): 2,
        ]
        let job = JobSnapshot.Job(
            id: "job-1",
            partition: 0,
            account: "default",
            kind: .payments,
            phase: .waiting,
            attempt: 1,
            requestID: "93c2b3cf",
            accepted: start,
            deadline: start.advanced(by: .seconds(120)),
            wait: .service(nextPoll: start.advanced(by: .seconds(105)))
        )
        snapshot.oldest = [job]
        snapshot.oldestAcceptance = [.waiting: start]
        snapshot.lateCount = 1
        snapshot.mostLate = job
        return snapshot
    }

    package static func record() -> JobRecord {
        var record = JobRecord(
            job: job(),
            offset: 41,
            phase: .ready,
            attempt: 2,
            requestID: "93c2b3cf",
            times: JobTimes(accepted: start, submitted: start.advanced(by: .seconds(1))),
            blobURL: Planted.url,
            error: JobError(
                code: .downloadFailed,
                message: Planted.text,
                details: [FieldError(field: "url", message: Planted.text)]
            )
        )
        record.files = [ExportFile(location: Planted.url, stored: false, fileName: "file.csv", sizeBytes: 12)]
        return record
    }
}
