/// Every metric of the worker: its name, type, unit, labels and meaning, which is also its `# HELP` line.
///
/// The worker's own names begin with `payout_export_`; `process_` names are Prometheus conventions; the others are
/// OpenTelemetry's with underscores instead of dots.
package enum MetricsTable {
    /// The whole table, in the order of its parts.
    package static let all: [MetricDefinition] = jobs + calls + signIn + files + log + worker + process + foreign

    static let jobs: [MetricDefinition] = [
        jobsByPhase, openJobs, oldestJobAge, lateJobs, accepted, duplicates, deadLetters, droppedOutputs, keyMismatches,
        warnings,
        attemptsFailed, events, jobDuration, deliveryDuration, openBatches, pausedPartitions, batchEvents,
    ]
    static let calls: [MetricDefinition] = [
        callsTotal, callDuration, downloadDuration, downloadBytes, downloadRetries, callFailures, callsInFlight,
        downloadsInFlight, accountCallsInFlight, callsWaiting, throttled, throttledTime, budget, budgetShare,
        accountPaused,
        storeUsable, lateAnswers,
    ]
    static let log: [MetricDefinition] = [
        partitions, topicPartitions, partitionLag, keptBack, rebalances, restores, restoreProgress, restoreDuration,
        restoredRecords, released, lost, stopped, droppedRecords, unreadRecords, foreignOffsets, commits,
        commitFailures, commitAborts, commitRecords, commitDuration, commitFailuresInRow, recordsGathering,
        kafkaConnected, topicProblems, intakePaused, intakePauses, refusalsContinue, refusalFloods, consumedMessages,
        sentMessages, clientOperationDuration,
    ]
    static let worker: [MetricDefinition] = [
        ready, healthReason, heartbeatAge, stopping, reloads, buildInfo, droppedLogLines,
    ]
    static let process: [MetricDefinition] = [residentMemory, openFiles, maxFiles, cpuSeconds, startTime]
    static let foreign: [MetricDefinition] = [httpClientDuration, seriesDropped]

    // MARK: Jobs

    static let jobsByPhase = MetricDefinition(
        "payout_export_jobs",
        .gauge,
        unit: "jobs",
        labels: ["partition", "phase"],
        help: "Jobs that this worker knows, by partition and phase; finished ones for the deduplication window."
    )
    static let accepted = MetricDefinition(
        "payout_export_jobs_accepted_total",
        .counter,
        unit: "jobs",
        help: "Jobs accepted from the jobs topic."
    )
    static let duplicates = MetricDefinition(
        "payout_export_duplicates_total",
        .counter,
        unit: "records",
        labels: ["event_repeated"],
        help: "Records of a job that was known already, by whether its event was published again."
    )
    static let deadLetters = MetricDefinition(
        "payout_export_dead_letters_total",
        .counter,
        unit: "records",
        help: "Records that are not valid jobs, copied to the dead-letter topic."
    )
    static let droppedOutputs = MetricDefinition(
        "payout_export_dropped_outputs_total",
        .counter,
        unit: "records",
        labels: ["record"],
        help: "Events and dead letters that were not written, because their topic accepts them in no form."
    )
    static let keyMismatches = MetricDefinition(
        "payout_export_key_mismatches_total",
        .counter,
        unit: "jobs",
        help:
            "Jobs whose record's key is not their jobId: deduplication and cancelling reach only as far as the partition."
    )
    static let warnings = MetricDefinition(
        "payout_export_job_warnings_total",
        .counter,
        unit: "warnings",
        help: "Warnings about accepted jobs, such as an unknown filter field."
    )
    static let attemptsFailed = MetricDefinition(
        "payout_export_attempts_failed_total",
        .counter,
        unit: "exports",
        help: "Exports that the service ended as Failed and that the worker queued again."
    )
    static let events = MetricDefinition(
        "payout_export_events_total",
        .counter,
        unit: "events",
        labels: ["status", "code"],
        help: "Completion events committed, by status and error code (none for completed)."
    )
    static let jobDuration = MetricDefinition(
        "payout_export_job_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["status"],
        buckets: MetricBuckets.jobSeconds,
        help: "Time from a job's acceptance to its end, by status."
    )

    // MARK: Calls

    static let callsTotal = MetricDefinition(
        "payout_export_calls_total",
        .counter,
        unit: "calls",
        labels: ["account", "call", "outcome"],
        help: "Calls answered, downloads included, by account, kind and outcome."
    )
    static let callDuration = MetricDefinition(
        "payout_export_call_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["call"],
        help: "Time of the API calls, by kind."
    )
    static let downloadDuration = MetricDefinition(
        "payout_export_download_duration_seconds",
        .histogram,
        unit: "seconds",
        buckets: MetricBuckets.longSeconds,
        help: "Time of downloads into the file store."
    )
    static let callFailures = MetricDefinition(
        "payout_export_call_failures_total",
        .counter,
        unit: "calls",
        labels: ["call"],
        help: "Calls that failed and are retried, by kind."
    )
    static let callsInFlight = MetricDefinition(
        "payout_export_calls_in_flight",
        .gauge,
        unit: "calls",
        help: "API calls in flight, as the engine counts them."
    )
    static let downloadsInFlight = MetricDefinition(
        "payout_export_downloads_in_flight",
        .gauge,
        unit: "downloads",
        help: "Downloads that run, without those that are suspended."
    )
    static let accountCallsInFlight = MetricDefinition(
        "payout_export_account_calls_in_flight",
        .gauge,
        unit: "calls",
        labels: ["account", "call"],
        help: "Calls in flight, downloads included, by account and kind."
    )
    static let callsWaiting = MetricDefinition(
        "payout_export_calls_waiting",
        .gauge,
        unit: "calls",
        labels: ["account", "call"],
        help: "Calls that wait for their turn, by account and kind."
    )
    static let throttled = MetricDefinition(
        "payout_export_throttled_total",
        .counter,
        unit: "times",
        labels: ["account", "call"],
        help: "Times that the service throttled calls (429), by account and kind."
    )
    static let budget = MetricDefinition(
        "payout_export_account_request_budget",
        .gauge,
        unit: "requests per second",
        labels: ["account"],
        help: "API calls a second that this worker may make for the account: its share of the fleet's."
    )
    static let accountPaused = MetricDefinition(
        "payout_export_account_paused",
        .gauge,
        unit: "0 or 1",
        labels: ["account"],
        help: "Whether the account is paused because its credentials are refused."
    )
    static let lateAnswers = MetricDefinition(
        "payout_export_late_answers_total",
        .counter,
        unit: "answers",
        help: "Answers to calls that were dropped because their assignment had ended."
    )
}
