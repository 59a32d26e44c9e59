import ExportCore

/// What lies outside the worker: the service, the file store, the topics' settings.
extension HealthWatch {
    /// Calls held back because the service asked for it count for so long after they may go again: a state that
    /// comes and goes every second is hard to read.
    static let throttleAfterglow: Duration = .seconds(5)

    // MARK: The service

    func serviceReasons(_ status: WorkerStatus, _ sample: HealthSample) -> [HealthReason] {
        let away = sample.failingCalls.filter { _, failing in
            failing.count >= thresholds.callFailures && failing.last.duration(to: sample.uptime) < thresholds.memory
        }
        let usable = status.accounts.filter { $0.problem == nil }.map(\.name)
        let isEvery = !usable.isEmpty && usable.allSatisfy { away[$0] != nil }
        let unreachable = away.sorted { $0.key < $1.key }.map { account, failing in
            HealthReason(
                .serviceUnreachable,
                severity: isEvery ? .blocking : .degraded,
                "The service has answered none of the last \(Words.count(failing.count, "call")) of account "
                    + "'\(account)', for \(Words.duration(failing.first.duration(to: sample.uptime))). The newest: "
                    + failing.message,
                remedy: Remedies.serviceUnreachable
            )
        }
        return unreachable + throttleReasons(sample)
    }

    private func throttleReasons(_ sample: HealthSample) -> [HealthReason] {
        let present = sample.throttles.filter {
            $0.value.advanced(by: Self.throttleAfterglow) > sample.wallClock
        }
        return Dictionary(grouping: present, by: \.key.account).sorted { $0.key < $1.key }.map { account, lanes in
            let calls = lanes.map(\.key.kind.label).sorted().joined(separator: ", ")
            let last = lanes.map(\.value).max() ?? sample.wallClock
            let wait = max(.zero, sample.wallClock.duration(to: last))
            let rest = wait > .zero ? "they wait for \(Words.duration(wait)) more" : "they may go again now"
            return HealthReason(
                .throttled,
                severity: .degraded,
                "The service asks for fewer calls of account '\(account)' (\(calls)); \(rest).",
                remedy: Remedies.throttled
            )
        }
    }

    // MARK: The file store

    func storeReasons(_ sample: HealthSample) -> [HealthReason] {
        if let problem = sample.reported.store {
            return [
                HealthReason(
                    .storeUnavailable,
                    "The file store takes no files: \(problem)",
                    remedy: Remedies.storeUnavailable
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
                "\(failing.count == 1 ? "The last download" : "The last \(failing.count) downloads") brought no file. "
                    + "The newest: \(failing.message)",
                remedy: Remedies.downloadsFailing
            )
        ]
    }

    // MARK: Jobs

    func jobReasons(_ sample: HealthSample) -> [HealthReason] {
        guard let survey = sample.survey, survey.lateCount > 0, let job = survey.mostLate else { return [] }
        let left = max(.zero, sample.wallClock.duration(to: job.deadline))
        let others = survey.lateCount == 1 ? "" : " and \(Words.count(survey.lateCount - 1, "other job"))"
        return [
            HealthReason(
                .jobsLate,
                severity: .degraded,
                partition: job.partition,
                "Job '\(job.id)'\(others) may miss the deadline: open for "
                    + "\(Words.duration(job.accepted.duration(to: sample.wallClock))), \(Words.duration(left)) left. It "
                    + "waits for \(Words.wait(job.wait, at: sample.wallClock)).",
                remedy: Remedies.jobsLate
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
                    "The configuration could not be read again, and the worker goes on with the one that it has: "
                        + problem,
                    remedy: "Correct it, try it with 'payout-worker check-config', then send SIGHUP again."
                )
            )
        }
        return reasons
    }
}

extension Words {
    /// What an open job waits for, to follow "waits for".
    static func wait(_ wait: JobSurvey.Wait, at now: Instant) -> String {
        func until(_ moment: Instant) -> String {
            moment > now ? "in \(duration(now.duration(to: moment)))" : "at once"
        }
        return switch wait {
        case .notBefore(let moment): "its notBefore, \(until(moment))"
        case .turn(let kind): "the turn of its \(noun(of: kind))"
        case .answer(let kind): "the answer to its \(noun(of: kind))"
        case .repetition(let kind, let moment): "the repetition of its \(noun(of: kind)), \(until(moment))"
        case .service(let moment): "the service, which is looked at again \(until(moment))"
        case .configuration: "its account, which is not configured at this worker"
        }
    }

    private static func noun(of kind: CallKind) -> String {
        switch kind {
        case .create: "submission"
        case .poll: "look at the service"
        case .delete: "deletion"
        case .download: "download"
        }
    }
}
