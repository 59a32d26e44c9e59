import ExportCore

extension HealthWatch {
    /// Everything that speaks against the worker, what matters most first.
    var verdict: HealthVerdict {
        guard let sample else { return HealthVerdict(reasons: [Self.starting]) }
        var reasons = engineReasons(sample)
        if let problem = sample.connectionProblem {
            reasons.append(
                HealthReason(
                    .kafkaUnreachable,
                    "Kafka cannot be reached: \(problem)",
                    remedy: Remedies.kafkaUnreachable
                )
            )
        }
        guard let status = lastStatus else { return HealthVerdict(reasons: reasons) }
        if status.isStopping {
            reasons.append(
                HealthReason(.stopping, "The worker is stopping and hands its partitions over.", remedy: "Nothing.")
            )
        } else if !isJoined {
            reasons.append(
                HealthReason(
                    .notJoined,
                    "The worker has not joined the consumer group: no partition is assigned to it.",
                    remedy: "Wait for the group's rebalance. Look at KAFKA_GROUP_ID, the jobs topic and the group's "
                        + "rights; with more workers than partitions, some have none."
                )
            )
        }
        reasons += partitionReasons(status) + commitReasons(status, sample) + accountReasons(status)
        reasons += intakeReasons(status)
        reasons += serviceReasons(status, sample) + storeReasons(sample) + jobReasons(sample) + topicReasons(sample)
        return HealthVerdict(
            reasons: reasons.filter { $0.severity == .blocking } + reasons.filter { $0.severity != .blocking }
        )
    }

    private static let starting = HealthReason(
        .starting,
        "The worker is starting: it has not got through to Kafka yet.",
        remedy: "Wait. When it does not end, look at the log, the brokers and KAFKA_BOOTSTRAP_SERVERS."
    )

    private func engineReasons(_ sample: HealthSample) -> [HealthReason] {
        var reasons: [HealthReason] = []
        if let lastAnswer {
            if sample.status == nil, now - lastAnswer >= thresholds.answer {
                reasons.append(
                    HealthReason(
                        .engineSilent,
                        "The engine has answered no question for \(Words.duration(now - lastAnswer)).",
                        remedy: "Look at the CPU and the log; restart the worker when it goes on."
                    )
                )
            }
        } else {
            reasons.append(Self.starting)
        }
        for heartbeat in sample.heartbeats where heartbeat.isStuck {
            reasons.append(
                HealthReason(
                    .loopStuck,
                    "The \(heartbeat.name) loop has made no progress for \(Words.duration(heartbeat.age)).",
                    remedy: "Restart the worker; liveness says the same."
                )
            )
        }
        return reasons
    }

    // MARK: Partitions

    private func partitionReasons(_ status: WorkerStatus) -> [HealthReason] {
        status.partitions.compactMap { partition in
            let (number, age) = (partition.partition, age(of: partition))
            switch partition.lifecycle {
            case .stopped(let reason):
                return HealthReason(
                    .partitionStopped,
                    partition: number,
                    "Partition \(number) is stopped: \(reason)",
                    remedy: Remedies.partitionStopped
                )
            case .restoring where age >= thresholds.restore:
                return HealthReason(
                    .restoring,
                    partition: number,
                    "Partition \(number) has been reading its state for \(Words.duration(age)).",
                    remedy: Remedies.restoring
                )
            case .draining where age >= thresholds.stall:
                return HealthReason(
                    .handOverStuck,
                    partition: number,
                    "Partition \(number) has been waiting for its hand-over for \(Words.duration(age)).",
                    remedy: "Look whether commits go through and calls end; restart the worker when it goes on."
                )
            case .active: return stuckIntake(of: partition) ?? lateTimer(of: partition)
            case .restoring, .draining: return nil
            }
        }
    }

    private func stuckIntake(of partition: WorkerStatus.Partition) -> HealthReason? {
        guard let age = intakeAge(of: partition), age >= thresholds.stall else { return nil }
        return HealthReason(
            .intakeStuck,
            partition: partition.partition,
            "Partition \(partition.partition) has \(Words.count(Int(partition.unread), "record")) to read from offset "
                + "\(partition.position) on, and none has come for \(Words.duration(age)): it waits for its consumer.",
            remedy: "Look at the partition's leader and at the log; restart the worker when it goes on."
        )
    }

    private func lateTimer(of partition: WorkerStatus.Partition) -> HealthReason? {
        guard let wake = partition.nextWake, let wallClock = sample?.wallClock, sample?.status != nil else {
            return nil
        }
        let late = wake.duration(to: wallClock)
        guard wake < wallClock, late >= thresholds.stall else { return nil }
        return HealthReason(
            .timersLate,
            partition: partition.partition,
            "Partition \(partition.partition) has a timer that is overdue by \(Words.duration(late)).",
            remedy: "The engine does not keep up, or the clock jumped: look at the CPU and at the machine's time."
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
                    "The last \(Words.count(status.commitFailures, "commit")) failed\(why)",
                    remedy: "Look at the brokers and at the rights on the topics and the transactional id; commits are "
                        + "repeated by themselves."
                )
            )
        }
        if let age = commitAge, age >= thresholds.stall {
            reasons.append(
                HealthReason(
                    .commitStuck,
                    "\(Self.names(of: status)) for a commit that has not come through for \(Words.duration(age)).",
                    remedy: "Look at the brokers; restart the worker when it goes on."
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
                remedy: Remedies.remedy(for: problem)
            )
        }
        for account in status.accounts {
            guard let age = callAge(of: account), age >= callLimit(of: account) else { continue }
            let waiting = Words.count(Self.waiting(account), "call")
            reasons.append(
                HealthReason(
                    .callsStuck,
                    "\(waiting) of account '\(account.name)' wait though there is budget, and none has been started or "
                        + "answered for \(Words.duration(age)); \(status.callsInFlight) are under way.",
                    remedy: "Look at the connection to the service; restart the worker when it goes on."
                )
            )
        }
        return reasons
    }

    private func intakeReasons(_ status: WorkerStatus) -> [HealthReason] {
        status.intakePauses.sorted { $0.rawValue < $1.rawValue }.map { pause in
            HealthReason(
                .intakePaused,
                severity: .degraded,
                "No new jobs are taken. \(Words.explanation(of: pause))",
                remedy: Remedies.remedy(for: pause)
            )
        }
    }
}

extension Remedies {
    static func remedy(for pause: IntakePause) -> String {
        switch pause {
        case .pending: "Nothing; or raise PAYOUT_API_REQUESTS_PER_SECOND where the service allows it."
        case .failures: "Find out who enqueues what is refused: the dead-letter topic and the rejected events say why."
        case .commits: "Look at the brokers: commits are slow or fail."
        }
    }
}
