import ExportCore
import WorkerTelemetry

/// Health reasons outside the worker: the service, the file store, the topics' settings.
extension HealthWatch {
    /// How long a throttle is reported after its end: a state that changes every second is hard to read.
    static let throttleReportTime: Duration = .seconds(5)

    // MARK: The service

    func serviceReasons(_ status: WorkerStatus, _ sample: HealthSample) -> [HealthReason] {
        let unanswered = sample.failingCalls.filter { _, failing in
            failing.count >= thresholds.callFailures && failing.last.duration(to: sample.uptime) < thresholds.memory
        }
        let usable = status.accounts.filter { $0.problem == nil }.map(\.name)
        let isEvery = !usable.isEmpty && usable.allSatisfy { unanswered[$0] != nil }
        let unreachable = unanswered.sorted { $0.key < $1.key }.map { account, failing in
            HealthReason(
                .serviceUnreachable,
                severity: isEvery ? .blocking : .degraded,
                "The service answered none of the last \(Formatting.count(failing.count, "call")) of account "
                    + "'\(account)', for \(Formatting.duration(failing.first.duration(to: sample.uptime))). The newest error: "
                    + failing.message,
                remedy: texts.remedy(for: .serviceUnreachable)
            )
        }
        return unreachable + throttleReasons(sample)
    }

    private func throttleReasons(_ sample: HealthSample) -> [HealthReason] {
        let present = sample.throttles.filter {
            $0.value.advanced(by: Self.throttleReportTime) > sample.wallClock
        }
        return Dictionary(grouping: present, by: \.key.account).sorted { $0.key < $1.key }.map { account, throttles in
            let calls = throttles.map(\.key.kind.label).sorted().joined(separator: ", ")
            let last = throttles.map(\.value).max() ?? sample.wallClock
            let wait = max(.zero, sample.wallClock.duration(to: last))
            let rest = wait > .zero ? "they wait for \(Formatting.duration(wait)) more" : "they continue now"
            let asked = throttles.compactMap { sample.retryAfterCut[$0.key] }.max()
            let cut =
                asked.map { " It asked for \(Formatting.duration($0)); The worker waits for at most 15 minutes." } ?? ""
            return HealthReason(
                .throttled,
                severity: .degraded,
                "The service throttles calls of account '\(account)' (\(calls)); \(rest).\(cut)",
                remedy: texts.remedy(for: .throttled)
            )
        }
    }

    // MARK: The file store

    func storeReasons(_ status: WorkerStatus, _ sample: HealthSample) -> [HealthReason] {
        if let problem = status.storeProblem ?? sample.reported.store {
            return [
                HealthReason(
                    .storeUnavailable,
                    "The file store accepts no files: \(problem)",
                    remedy: texts.remedy(for: .storeUnavailable)
                )
            ]
        }
        guard let failing = sample.failingDownloads,
            failing.last.duration(to: sample.uptime) < thresholds.memory
        else { return [] }
        return [
            HealthReason(
                .downloadsFailing,
                severity: .degraded,
                "\(failing.count == 1 ? "The last download" : "The last \(failing.count) downloads") delivered no file. "
                    + "The newest error: \(failing.message)",
                remedy: texts.remedy(for: .downloadsFailing)
            )
        ]
    }

    // MARK: Jobs

    func jobReasons(_ sample: HealthSample) -> [HealthReason] {
        guard let jobs = sample.jobSnapshot, jobs.lateCount > 0, let job = jobs.mostLate else { return [] }
        let left = max(.zero, sample.wallClock.duration(to: job.deadline))
        let others = jobs.lateCount == 1 ? "" : " and \(Formatting.count(jobs.lateCount - 1, "other job"))"
        return [
            HealthReason(
                .jobsLate,
                severity: .degraded,
                partition: job.partition,
                "Job '\(job.id)'\(others) may miss the deadline: open for "
                    + "\(Formatting.duration(job.accepted.duration(to: sample.wallClock))), \(Formatting.duration(left)) left. It "
                    + "waits for \(Formatting.wait(job.wait, at: sample.wallClock)).",
                remedy: texts.remedy(for: .jobsLate)
            )
        ]
    }

    // MARK: Topics and configuration

    func topicReasons(_ sample: HealthSample) -> [HealthReason] {
        var reasons = sample.reported.topics.map { problem in
            HealthReason(
                .topicsUnfit,
                severity: problem.isBlocking ? .blocking : .degraded,
                "The topic \(problem.topic) \(problem.message).",
                remedy: problem.remedy
            )
        }
        if let problem = sample.reported.reloads.problem {
            reasons.append(
                HealthReason(
                    .configurationNotReloaded,
                    severity: .degraded,
                    "The configuration cannot be reloaded, and the worker continues with the current one: "
                        + problem,
                    remedy: texts.remedy(for: .configurationNotReloaded)
                )
            )
        }
        return reasons
    }
}

extension Formatting {
    /// What an open job waits for, to follow "waits for".
    static func wait(_ wait: JobSnapshot.Wait, at now: Instant) -> String {
        func until(_ time: Instant) -> String {
            time > now ? "in \(duration(now.duration(to: time)))" : "now"
        }
        return switch wait {
        case .notBefore(let time): "its notBefore, \(until(time))"
        case .turn(let kind): "the turn of its \(noun(of: kind))"
        case .answer(let kind): "the answer to its \(noun(of: kind))"
        case .repetition(let kind, let time): "the retry of its \(noun(of: kind)), \(until(time))"
        case .service(let time): "the service, next poll \(until(time))"
        case .paused(let kind, let pause): "a pause, which holds back its \(noun(of: kind)): \(pause.phrase)"
        case .configuration: "its account, which this worker does not have"
        }
    }

    private static func noun(of kind: CallKind) -> String {
        switch kind {
        case .create: "submission"
        case .poll: "status poll"
        case .delete: "deletion"
        case .download: "download"
        case .manifest: "manifest"
        }
    }
}
