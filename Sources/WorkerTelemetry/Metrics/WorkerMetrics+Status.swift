package import ExportCore
import Metrics
import Primitives
package import WorkerRuntime

/// The values for the gauges.
package struct GaugeSources: Sendable {
    /// The engine's status; `nil` when it did not answer. Its gauges are then absent, because old values would mislead.
    package var status: WorkerStatus?
    /// Whether the worker is ready.
    package var isReady = false
    /// The codes of the health reasons.
    package var healthCodes: Set<HealthCode> = []
    /// The time since each loop's last progress, by the loop's name.
    package var heartbeatAges: [String: Duration] = [:]
    /// Calls in flight, downloads included.
    package var callsInFlight: [CallActivity.Key: Int] = [:]
    /// What the operating system reports of this process.
    package var process = ProcessFigures()
    /// The newest snapshot of the open jobs.
    package var jobSnapshot: JobSnapshot?
    /// The wall clock.
    package var now: Instant
    /// The ends of the jobs topic's partitions, where they are known.
    package var ends: [Int32: Int64] = [:]
    /// State partitions that are being read.
    package var restoring: [Int32: LogObservation.RestoreProgress] = [:]
    /// Problems that are found outside the engine.
    package var problems = ReportedProblems.Figures()
    /// The file store and the transfers into it; `nil` where there is no store.
    package var files: FileStatus?
    /// Log lines dropped since the process started.
    package var droppedLogLines = 0

    /// Creates sources with only the time.
    package init(now: Instant) { self.now = now }
}

extension WorkerMetrics {
    /// Sets every gauge.
    package func refresh(_ sources: GaugeSources) {
        refreshEngine(sources.status)
        let accounts = sources.status?.accounts.map(\.name) ?? []
        var inFlight = sources.callsInFlight
        for account in accounts {
            for kind in CallKind.ofJobs { inFlight[.init(account: account, kind: kind), default: 0] += 0 }
        }
        gauges.set(
            MetricsTable.accountCallsInFlight,
            inFlight.map { GaugeValue([$0.key.account, $0.key.kind.label], $0.value) }
        )
        gauges.set(MetricsTable.ready, [GaugeValue([], sources.isReady)])
        gauges.set(
            MetricsTable.healthReason,
            HealthCode.allCases.map { GaugeValue([$0.rawValue], sources.healthCodes.contains($0)) }
        )
        gauges.set(
            MetricsTable.heartbeatAge,
            sources.heartbeatAges.map { GaugeValue([$0.key], $0.value.inSeconds) }
        )
        refreshFiles(sources.files)
        droppedLogLines(sources.droppedLogLines)
        refreshProcess(sources.process)
        refreshJobs(sources.jobSnapshot, at: sources.now)
        refreshPartitions(sources)
        refreshSignIn(sources.problems.refreshTokens)
        let storeProblem = sources.status?.storeProblem ?? sources.problems.store
        gauges.set(MetricsTable.storeUsable, [GaugeValue([], storeProblem == nil)])
        gauges.set(MetricsTable.topicProblems, [GaugeValue([], sources.problems.topics.count)])
        gauges.set(
            MetricsTable.reloads,
            [
                GaugeValue(["done"], sources.problems.reloads.done),
                GaugeValue(["failed"], sources.problems.reloads.failed),
            ]
        )
    }

    private func refreshJobs(_ snapshot: JobSnapshot?, at now: Instant) {
        gauges.set(
            MetricsTable.openJobs,
            (snapshot?.counts ?? [:]).map {
                GaugeValue([$0.key.account ?? "other", $0.key.kind.name, $0.key.phase.name], $0.value)
            }
        )
        gauges.set(
            MetricsTable.oldestJobAge,
            snapshot.map { snapshot in
                JobPhase.allCases.filter { $0 != .finished }.map { phase in
                    let age = snapshot.oldestAcceptance[phase].map { max(.zero, $0.duration(to: now)).inSeconds }
                    return GaugeValue([phase.name], age ?? 0)
                }
            } ?? []
        )
        gauges.set(MetricsTable.lateJobs, snapshot.map { [GaugeValue([], $0.lateCount)] } ?? [])
    }

    private func refreshPartitions(_ sources: GaugeSources) {
        let partitions = sources.status?.partitions ?? []
        gauges.set(
            MetricsTable.partitionLag,
            partitions.compactMap { partition in
                sources.ends[partition.partition].map {
                    GaugeValue(["\(partition.partition)"], Int(max(0, $0 - partition.position)))
                }
            }
        )
        gauges.set(
            MetricsTable.keptBack,
            partitions.map { GaugeValue(["\($0.partition)"], $0.keptBack?.count ?? 0) }
        )
        gauges.set(
            MetricsTable.restoreProgress,
            partitions.filter { $0.lifecycle == .restoring }.map {
                GaugeValue(["\($0.partition)"], sources.restoring[$0.partition]?.share ?? 0)
            }
        )
        gauges.set(
            MetricsTable.budgetShare,
            sources.status.map { status in
                let share =
                    status.partitionCount > 0 ? Double(partitions.count) / Double(status.partitionCount) : 0
                return [GaugeValue([], min(1, share))]
            } ?? []
        )
    }

    private func refreshEngine(_ status: WorkerStatus?) {
        func single(_ definition: MetricDefinition, _ value: Int?) {
            gauges.set(definition, value.map { [GaugeValue([], $0)] } ?? [])
        }
        single(MetricsTable.callsInFlight, status?.callsInFlight)
        single(MetricsTable.downloadsInFlight, status?.downloadsInFlight)
        single(MetricsTable.transfersWaiting, status?.downloadsWaiting)
        single(MetricsTable.recordsGathering, status?.recordsGathering)
        single(MetricsTable.commitFailuresInRow, status?.commitFailures)
        single(MetricsTable.topicPartitions, status?.partitionCount)
        single(MetricsTable.stopping, status.map { $0.isStopping ? 1 : 0 })
        single(MetricsTable.refusalsContinue, status.map { $0.refusalsContinue ? 1 : 0 })
        gauges.set(
            MetricsTable.intakePaused,
            status.map { status in
                IntakePause.allCases.map { GaugeValue([$0.rawValue], status.intakePauses.contains($0)) }
            } ?? []
        )
        gauges.set(
            MetricsTable.partitions,
            status.map { status in
                PartitionLifecycle.labels.map { label in
                    GaugeValue([label], status.partitions.count { $0.lifecycle.label == label })
                }
            } ?? []
        )
        let partitions = status?.partitions ?? []
        gauges.set(
            MetricsTable.jobsByPhase,
            partitions.flatMap { partition in
                JobPhase.allCases.map {
                    GaugeValue(["\(partition.partition)", $0.name], partition.jobs[$0] ?? 0)
                }
            }
        )
        gauges.set(MetricsTable.openBatches, [GaugeValue([], partitions.reduce(0) { $0 + $1.openBatches })])
        refreshAccounts(status?.accounts ?? [])
        gauges.set(
            MetricsTable.pausedPartitions,
            (status?.accounts ?? []).flatMap { account in
                ExportKind.allCases.map { kind in
                    let paused = partitions.count { partition in
                        partition.pauses.contains { $0.target.contains(account: account.name, kind: kind) }
                    }
                    return GaugeValue([account.name, kind.name], paused)
                }
            }
        )
    }

    private func refreshAccounts(_ accounts: [WorkerStatus.Account]) {
        gauges.set(MetricsTable.accountPaused, accounts.map { GaugeValue([$0.name], $0.problem != nil) })
        gauges.set(MetricsTable.budget, accounts.map { GaugeValue([$0.name], $0.requestsPerSecond) })
        gauges.set(
            MetricsTable.callsWaiting,
            accounts.flatMap { account in
                CallKind.ofJobs.map { GaugeValue([account.name, $0.label], account.waiting[$0] ?? 0) }
            }
        )
    }

    private func refreshFiles(_ files: FileStatus?) {
        func single(_ definition: MetricDefinition, _ value: Double?) {
            gauges.set(definition, value.map { [GaugeValue([], $0)] } ?? [])
        }
        let transfers = files?.transfers
        single(MetricsTable.transferReceived, transfers.map { $0.reduce(0) { $0 + Double($1.receivedBytes) } })
        single(
            MetricsTable.transferExpected,
            transfers.map { $0.reduce(0) { $0 + Double(max($1.expectedBytes ?? 0, $1.receivedBytes)) } }
        )
        if let files { storedTotals(files: files.storedFiles, bytes: files.storedBytes) }
    }

    private func refreshProcess(_ process: ProcessFigures) {
        func single(_ definition: MetricDefinition, _ value: Double?) {
            gauges.set(definition, value.map { [GaugeValue([], $0)] } ?? [])
        }
        single(MetricsTable.residentMemory, process.residentBytes.map(Double.init))
        single(MetricsTable.openFiles, process.openFiles.map(Double.init))
        single(MetricsTable.maxFiles, process.maxFiles.map(Double.init))
        single(MetricsTable.startTime, process.startTime)
        if let seconds = process.cpuSeconds { cpuSeconds(seconds) }
    }
}
