import ExportCore
import WorkerRuntime
import WorkerTelemetry

extension HealthWatch {
    /// The health reasons, blocking ones first.
    var health: HealthReport {
        guard let sample else { return HealthReport(reasons: [starting]) }
        var reasons = engineReasons(sample) + kafkaReasons(sample)
        guard let status = lastStatus else { return HealthReport(reasons: reasons) }
        if status.isStopping {
            reasons.append(
                HealthReason(
                    .stopping,
                    "The worker is stopping and releases its partitions.",
                    remedy: texts.remedy(for: .stopping)
                )
            )
        } else if !isJoined {
            reasons.append(
                HealthReason(
                    .notJoined,
                    "The worker is not in the consumer group: it has not joined yet, or the group has excluded it. No partition is "
                        + "assigned to it.",
                    remedy: texts.remedy(for: .notJoined)
                )
            )
        }
        reasons += partitionReasons(status) + commitReasons(status, sample) + accountReasons(status)
        reasons += intakeReasons(status) + pauseReasons(status)
        reasons +=
            serviceReasons(status, sample) + storeReasons(status, sample) + jobReasons(sample) + topicReasons(sample)
            + signInReasons(sample)
        return HealthReport(
            reasons: reasons.filter { $0.severity == .blocking } + reasons.filter { $0.severity != .blocking }
        )
    }

    private var starting: HealthReason {
        HealthReason(
            .starting,
            "The worker is starting: it has not connected to Kafka yet.",
            remedy: texts.remedy(for: .starting)
        )
    }

    private func engineReasons(_ sample: HealthSample) -> [HealthReason] {
        var reasons: [HealthReason] = []
        if let lastAnswer {
            if sample.status == nil, now - lastAnswer >= thresholds.answer {
                reasons.append(
                    HealthReason(
                        .engineSilent,
                        "The engine has not answered for \(Formatting.duration(now - lastAnswer)).",
                        remedy: texts.remedy(for: .engineSilent)
                    )
                )
            }
        } else {
            reasons.append(starting)
        }
        for heartbeat in sample.heartbeats where heartbeat.isStuck {
            reasons.append(
                HealthReason(
                    .loopStuck,
                    "The \(heartbeat.name) loop has made no progress for \(Formatting.duration(heartbeat.age)).",
                    remedy: texts.remedy(for: .loopStuck)
                )
            )
        }
        return reasons
    }

    // MARK: Partitions

    private func partitionReasons(_ status: WorkerStatus) -> [HealthReason] {
        status.partitions.compactMap { partition in
            let (number, age) = (partition.partition, age(of: partition))
            if case .restoring = partition.lifecycle, let problem = sample?.failingRestores[number] {
                return HealthReason(
                    .restoring,
                    partition: number,
                    "The state of partition \(number) has been unreadable for \(Formatting.duration(age)). \(problem.sentence)",
                    remedy: texts.remedy(for: problem)
                )
            }
            switch partition.lifecycle {
            case .stopped(let reason):
                return HealthReason(
                    .partitionStopped,
                    partition: number,
                    "Partition \(number) is stopped: \(reason.explanation)",
                    remedy: texts.remedy(for: reason, partition: number)
                )
            case .restoring where age >= thresholds.restore:
                return HealthReason(
                    .restoring,
                    partition: number,
                    "Partition \(number) has been restoring its state for \(Formatting.duration(age)).",
                    remedy: texts.remedy(for: .restoring)
                )
            case .draining where age >= thresholds.stall:
                return HealthReason(
                    .handOverStuck,
                    partition: number,
                    "Partition \(number) has been waiting for its release for \(Formatting.duration(age)).",
                    remedy: texts.remedy(for: .handOverStuck)
                )
            case .active:
                return failingBegin(of: partition) ?? stuckIntake(of: partition) ?? openTransaction(in: partition)
                    ?? lateTimer(of: partition)
            case .restoring, .draining: return nil
            }
        }
    }

    private func failingBegin(of partition: WorkerStatus.Partition) -> HealthReason? {
        guard let problem = sample?.failingBegins[partition.partition] else { return nil }
        return HealthReason(
            .intakeStuck,
            partition: partition.partition,
            "The delivery of partition \(partition.partition)'s jobs has not begun for "
                + "\(Formatting.duration(age(of: partition))). \(problem.sentence)",
            remedy: texts.remedy(for: problem)
        )
    }

    private func stuckIntake(of partition: WorkerStatus.Partition) -> HealthReason? {
        guard let age = intakeAge(of: partition), age >= thresholds.stall else { return nil }
        return HealthReason(
            .intakeStuck,
            partition: partition.partition,
            "Partition \(partition.partition) has \(Formatting.count(Int(partition.unread), "record")) to read from offset "
                + "\(partition.position) on, and none has arrived for \(Formatting.duration(age)): it waits for its consumer.",
            remedy: texts.remedy(for: .intakeStuck)
        )
    }

    private func openTransaction(in partition: WorkerStatus.Partition) -> HealthReason? {
        guard let kept = partition.keptBack, let age = keptBackAge(of: partition), age >= thresholds.stall else {
            return nil
        }
        return HealthReason(
            .openTransaction,
            partition: partition.partition,
            "A transaction that another producer left open holds back the records of partition \(partition.partition) of "
                + "the jobs topic from offset \(kept.lowerBound) to its end at \(kept.upperBound), for "
                + "\(Formatting.duration(age)).",
            remedy: texts.remedy(for: .openTransaction)
        )
    }

    private func lateTimer(of partition: WorkerStatus.Partition) -> HealthReason? {
        guard let wake = partition.nextWake, let wallClock = sample?.wallClock, sample?.status != nil else {
            return nil
        }
        let late = wake.duration(to: wallClock)
        guard wake < wallClock, late >= thresholds.stall else { return nil }
        // Timers wait while commits are behind, which is reported itself.
        guard lastStatus?.intakePauses.contains(.commits) != true else { return nil }
        return HealthReason(
            .timersLate,
            partition: partition.partition,
            "Partition \(partition.partition) has a timer that is overdue by \(Formatting.duration(late)).",
            remedy: texts.remedy(for: .timersLate)
        )
    }

    // MARK: Commits, accounts, intake

    private func commitReasons(_ status: WorkerStatus, _ sample: HealthSample) -> [HealthReason] {
        var reasons: [HealthReason] = []
        if status.commitFailures >= thresholds.commitFailures {
            let why = sample.commitFailure.map { ": \($0)" } ?? "."
            reasons.append(
                HealthReason(
                    .commitsFailing,
                    "The last \(Formatting.count(status.commitFailures, "commit")) failed\(why)",
                    remedy: texts.remedy(for: .commitsFailing)
                )
            )
        }
        if let age = commitAge, age >= thresholds.stall {
            reasons.append(
                HealthReason(
                    .commitStuck,
                    "\(Self.names(of: status)) for a commit that has not completed for \(Formatting.duration(age)).",
                    remedy: texts.remedy(for: .commitStuck)
                )
            )
        }
        return reasons
    }

    private static func names(of status: WorkerStatus) -> String {
        let numbers = status.partitions.filter { $0.lifecycle.label != "stopped" }.map(\.partition)
        if numbers.count == 1, let only = numbers.first { return "Partition \(only) waits" }
        return numbers.count <= 8
            ? "Partitions \(numbers.map(String.init).joined(separator: ", ")) wait" : "\(numbers.count) partitions wait"
    }

    private func accountReasons(_ status: WorkerStatus) -> [HealthReason] {
        let paused = status.accounts.filter { $0.problem != nil }
        let isEvery = !paused.isEmpty && paused.count == status.accounts.count
        var reasons = paused.compactMap { account -> HealthReason? in
            guard let problem = account.problem else { return nil }
            return HealthReason(
                isEvery ? .allAccountsPaused : .accountPaused,
                severity: isEvery ? .blocking : .degraded,
                "Account '\(account.name)' is paused: \(problem.message)",
                remedy: texts.remedy(for: problem)
            )
        }
        reasons += status.accounts.compactMap { account in
            guard account.problem == nil, let share = account.refusedShare else { return nil }
            return HealthReason(
                .callsPartlyRefused,
                severity: .degraded,
                "The service refuses \(Int((share * 100).rounded())) % of the calls of account '\(account.name)' because "
                    + "multi-factor authentication is required. The worker repeats them, and jobs take longer.",
                remedy: texts.remedy(for: .callsPartlyRefused)
            )
        }
        for account in status.accounts {
            guard let age = callAge(of: account), age >= callLimit(of: account) else { continue }
            let waiting = Formatting.count(Self.waiting(account), "call")
            reasons.append(
                HealthReason(
                    .callsStuck,
                    "\(waiting) of account '\(account.name)' wait although there is budget, and none has been started or "
                        + "answered for \(Formatting.duration(age)); \(status.callsInFlight) are in flight.",
                    remedy: texts.remedy(for: .callsStuck)
                )
            )
        }
        return reasons
    }

    private func intakeReasons(_ status: WorkerStatus) -> [HealthReason] {
        let flood = HealthReason(
            .refusalsContinue,
            severity: .degraded,
            "Nearly every job is still refused. Intake was paused and continues, so that valid jobs do not wait behind "
                + "refused ones.",
            remedy: texts.remedy(for: .failures)
        )
        let pauses = status.intakePauses.sorted { $0.rawValue < $1.rawValue }.map { pause in
            HealthReason(
                .intakePaused,
                severity: .degraded,
                "Intake is paused. \(texts.explanation(of: pause))",
                remedy: texts.remedy(for: pause)
            )
        }
        return status.refusalsContinue ? pauses + [flood] : pauses
    }
}
