import ExportCore
import Foundation
import Primitives
import WorkerRuntime
import WorkerTelemetry

extension StatusDocument {
    init(_ snapshot: Snapshot, worker: Worker, history: History? = nil) {
        let (status, texts) = (snapshot.watch.lastStatus, snapshot.watch.texts)
        at = snapshot.at.rfc3339
        self.worker = worker
        health = Health(status: snapshot.health.status, reasons: snapshot.health.reasons.map(\.withoutSecrets))
        engine = Engine(
            isAnswering: snapshot.status != nil,
            answeredSecondsAgo: snapshot.watch.lastAnswer.map { (snapshot.watch.now - $0).inSeconds }
        )
        partitionCount = status?.partitionCount ?? 0
        partitions = snapshot.partitions
        jobs = Self.jobs(status)
        accounts = (status?.accounts ?? []).map { account in
            let token = snapshot.problems.refreshTokens.first { $0.account == account.name }
            return Account(account, snapshot.calls, token, texts)
        }
        intakePauses = (status?.intakePauses ?? []).sorted { $0.rawValue < $1.rawValue }.map {
            Pause(reason: $0.rawValue, explanation: texts.explanation(of: $0))
        }
        pauses = status.map { PausedJobs.all(in: $0) }.map { $0.map { PauseDocument($0, texts) } } ?? []
        callsInFlight = status?.callsInFlight ?? 0
        downloadsInFlight = status?.downloadsInFlight ?? 0
        commits = Commits(snapshot)
        totals = snapshot.activity.totals
        process = Process(
            residentBytes: snapshot.process.residentBytes,
            openFiles: snapshot.process.openFiles,
            cpuSeconds: snapshot.process.cpuSeconds
        )
        recent = snapshot.activity.ring.incidents.map { RecentIncident($0) }
        openJobs = Self.groups(snapshot.jobSnapshot)
        let waits = JobWaits(snapshot)
        oldest = (snapshot.jobSnapshot?.oldest ?? []).map { OpenJob($0, at: snapshot.wallClock, waits) }
        lateJobs = snapshot.jobSnapshot?.lateCount ?? 0
        files = snapshot.files.map { Files($0) }
        self.history = history
    }

    private static func groups(_ jobs: JobSnapshot?) -> [JobGroup] {
        (jobs?.counts ?? [:]).map { group, count in
            JobGroup(
                account: group.account ?? "other",
                kind: group.kind.name,
                phase: group.phase.name,
                jobs: count
            )
        }.sorted { ($0.account, $0.kind, $0.phase) < ($1.account, $1.kind, $1.phase) }
    }

    /// Jobs by phase, of all partitions.
    static func jobs(_ status: WorkerStatus?) -> [String: Int] {
        var jobs: [String: Int] = [:]
        for phase in JobPhase.allCases {
            jobs[phase.name] = status?.partitions.reduce(0) { $0 + ($1.jobs[phase] ?? 0) } ?? 0
        }
        return jobs
    }
}

extension Snapshot {
    /// The partitions for the documents.
    var partitions: [StatusDocument.Partition] {
        (watch.lastStatus?.partitions ?? []).map { partition in
            var jobs: [String: Int] = [:]
            for (phase, count) in partition.jobs { jobs[phase.name] = count }
            return StatusDocument.Partition(
                partition: partition.partition,
                epoch: partition.epoch,
                lifecycle: partition.lifecycle.label,
                lifecycleSeconds: watch.age(of: partition).inSeconds,
                position: partition.position,
                lag: activity.ends[partition.partition].map { max(0, $0 - partition.position) },
                restored: partition.lifecycle == .restoring
                    ? activity.restoring[partition.partition]?.share : nil,
                jobs: jobs,
                nextTimerAt: partition.nextWake?.text,
                waitsFor: Disclosure.clean(watch.waits(of: partition))
            )
        }
    }
}

extension StatusDocument.OpenJob {
    init(_ job: JobSnapshot.Job, at now: Instant, _ waits: JobWaits) {
        self.init(
            jobId: job.id,
            partition: job.partition,
            account: job.account,
            kind: job.kind.name,
            phase: job.phase.name,
            attempt: job.attempt,
            requestId: job.requestID.map(Disclosure.clean),
            acceptedAt: job.accepted.text,
            deadline: job.deadline.text,
            ageSeconds: max(.zero, job.accepted.duration(to: now)).inSeconds,
            waitsFor: waits.reason(job.wait, account: job.account).message
        )
    }
}

extension StatusDocument.Account {
    init(
        _ account: WorkerStatus.Account,
        _ calls: CallActivity.Figures,
        _ token: RefreshTokenReport?,
        _ texts: any OperatorTexts
    ) {
        var (waiting, inFlight): ([String: Int], [String: Int]) = ([:], [:])
        for kind in CallKind.ofJobs {
            waiting[kind.label] = account.waiting[kind] ?? 0
            inFlight[kind.label] = calls.inFlight[CallActivity.Key(account: account.name, kind: kind)] ?? 0
        }
        self.init(
            name: account.name,
            problem: account.problem.map { problem in
                Problem(
                    kind: problem.label,
                    message: Disclosure.clean(problem.message),
                    remedy: texts.remedy(for: problem)
                )
            },
            waiting: waiting,
            inFlight: inFlight,
            requestsPerSecond: account.requestsPerSecond,
            calls: calls.started(by: account.name),
            refusedShare: account.refusedShare,
            refreshTokenAgeSeconds: token?.unusedFor.inSeconds,
            signInAgeSeconds: token?.signedInFor?.inSeconds
        )
    }
}

extension StatusDocument.Files {
    /// The number of transfers in the document.
    private static let limit = 50

    init(_ files: FileStatus) {
        self.init(
            location: Disclosure.clean(files.location),
            storedFiles: files.storedFiles,
            storedBytes: files.storedBytes,
            transfers: files.transfers.prefix(Self.limit).map { transfer in
                Transfer(
                    job: transfer.job,
                    account: transfer.account,
                    receivedBytes: transfer.receivedBytes,
                    expectedBytes: transfer.expectedBytes,
                    isWaiting: transfer.isWaiting,
                    seconds: (ContinuousClock.now - transfer.began).inSeconds
                )
            }
        )
    }
}

extension StatusDocument.Commits {
    init(_ snapshot: Snapshot) {
        let status = snapshot.watch.lastStatus
        let last = snapshot.activity.lastCommit
        self.init(
            isCommitting: status?.isCommitting ?? false,
            underWaySeconds: snapshot.watch.commitAge?.inSeconds,
            failuresInRow: status?.commitFailures ?? 0,
            recordsGathering: status?.recordsGathering ?? 0,
            lastAt: last.map { $0.at.rfc3339 },
            lastSeconds: last?.seconds,
            lastRecords: last?.records
        )
    }
}

extension StatusDocument.RecentIncident {
    init(_ incident: Incident) {
        self.init(
            severity: incident.severity,
            title: incident.kind.title,
            subject: Disclosure.clean(incident.kind.subject),
            text: Disclosure.clean(incident.kind.text),
            remedy: incident.remedy,
            job: incident.job,
            partition: incident.partition,
            count: incident.count,
            firstAt: incident.first.rfc3339,
            lastAt: incident.last.rfc3339
        )
    }
}

extension HealthReason {
    /// The reason without secrets in its message.
    var withoutSecrets: HealthReason {
        var reason = self
        reason.message = Disclosure.clean(message)
        return reason
    }
}

extension Instant {
    /// The time in RFC 3339; `nil` for a time in the distant past or future.
    var text: String? {
        guard self < .distantFuture, milliseconds > -62_135_596_800_000, milliseconds < 253_402_300_800_000 else {
            return nil
        }
        return Timestamp(milliseconds: milliseconds).rfc3339()
    }
}
