import ExportCore
import Foundation
import WorkerRuntime

extension StatusDocument {
    init(_ snapshot: Snapshot, worker: Worker, history: History? = nil) {
        let status = snapshot.watch.lastStatus
        at = Timestamp.text(snapshot.at)
        self.worker = worker
        health = Health(status: snapshot.verdict.standing, reasons: snapshot.verdict.reasons.map(\.cleaned))
        engine = Engine(
            isAnswering: snapshot.status != nil,
            answeredSecondsAgo: snapshot.watch.lastAnswer.map { (snapshot.watch.now - $0).inSeconds }
        )
        partitionCount = status?.partitionCount ?? 0
        partitions = snapshot.partitions
        jobs = Self.jobs(status)
        accounts = (status?.accounts ?? []).map { Account($0, snapshot.calls) }
        intakePauses = (status?.intakePauses ?? []).sorted { $0.rawValue < $1.rawValue }.map {
            Pause(reason: $0.label, explanation: Words.explanation(of: $0))
        }
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
        openJobs = Self.groups(snapshot.survey)
        oldest = (snapshot.survey?.oldest ?? []).map { OpenJob($0, at: snapshot.wallClock, status) }
        lateJobs = snapshot.survey?.lateCount ?? 0
        files = snapshot.files.map { Files($0) }
        self.history = history
    }

    private static func groups(_ survey: JobSurvey?) -> [JobGroup] {
        (survey?.counts ?? [:]).map { group, count in
            JobGroup(
                account: group.account ?? "other",
                kind: group.kind.label,
                phase: group.phase.label,
                jobs: count
            )
        }.sorted { ($0.account, $0.kind, $0.phase) < ($1.account, $1.kind, $1.phase) }
    }

    /// Jobs by phase, of all partitions.
    static func jobs(_ status: WorkerStatus?) -> [String: Int] {
        var jobs: [String: Int] = [:]
        for phase in JobPhase.allCases {
            jobs[phase.label] = status?.partitions.reduce(0) { $0 + ($1.jobs[phase] ?? 0) } ?? 0
        }
        return jobs
    }
}

extension Snapshot {
    /// The partitions as the documents tell them.
    var partitions: [StatusDocument.Partition] {
        (watch.lastStatus?.partitions ?? []).map { partition in
            var jobs: [String: Int] = [:]
            for (phase, count) in partition.jobs { jobs[phase.label] = count }
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
    init(_ job: JobSurvey.Job, at now: Instant, _ status: WorkerStatus?) {
        let isPaused = status?.accounts.contains { $0.name == job.account && $0.problem != nil } ?? false
        let wait =
            isPaused && job.phase != .accepted
            ? "its account, which is paused" : Words.wait(job.wait, at: now)
        self.init(
            jobId: job.id,
            partition: job.partition,
            account: job.account,
            kind: job.kind.label,
            phase: job.phase.label,
            attempt: job.attempt,
            requestId: job.requestID.map(Disclosure.clean),
            acceptedAt: job.accepted.text,
            deadline: job.deadline.text,
            ageSeconds: max(.zero, job.accepted.duration(to: now)).inSeconds,
            waitsFor: wait
        )
    }
}

extension StatusDocument.Account {
    init(_ account: WorkerStatus.Account, _ calls: CallActivity.Figures) {
        var (waiting, inFlight): ([String: Int], [String: Int]) = ([:], [:])
        for kind in CallKind.allCases {
            waiting[kind.label] = account.waiting[kind] ?? 0
            inFlight[kind.label] = calls.underWay[CallActivity.Key(account: account.name, kind: kind)] ?? 0
        }
        self.init(
            name: account.name,
            problem: account.problem.map { problem in
                Problem(
                    kind: problem.label,
                    message: Disclosure.clean(problem.message),
                    remedy: Remedies.remedy(for: problem)
                )
            },
            waiting: waiting,
            inFlight: inFlight,
            requestsPerSecond: account.requestsPerSecond,
            calls: calls.started(by: account.name)
        )
    }
}

extension StatusDocument.Files {
    /// So many transfers are told one by one.
    private static let shown = 50

    init(_ files: FileStatus) {
        self.init(
            location: Disclosure.clean(files.location),
            storedFiles: files.storedFiles,
            storedBytes: files.storedBytes,
            transfers: files.transfers.prefix(Self.shown).map { transfer in
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
            lastAt: last.map { Timestamp.text($0.at) },
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
            firstAt: Timestamp.text(incident.first),
            lastAt: Timestamp.text(incident.last)
        )
    }
}

extension HealthReason {
    /// Fit to be shown.
    var cleaned: HealthReason {
        var reason = self
        reason.message = Disclosure.clean(message)
        return reason
    }
}

extension AccountProblem {
    var label: String {
        switch self {
        case .refused: "refused"
        case .locked: "locked"
        }
    }
}

extension Instant {
    /// The moment as RFC 3339; `nil` for one that never comes.
    var text: String? {
        guard self < .distantFuture, milliseconds > -62_135_596_800_000, milliseconds < 253_402_300_800_000 else {
            return nil
        }
        return Timestamp.text(Date(timeIntervalSince1970: Double(milliseconds) / 1_000))
    }
}
