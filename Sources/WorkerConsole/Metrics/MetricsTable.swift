/// Every metric of the worker: its name, type, unit, labels and meaning, and where the `# HELP` lines come from.
///
/// Names of ours begin with `payout_export_`; the `process_` ones are Prometheus' own; the others are
/// OpenTelemetry's with dots written as underscores.
public enum MetricsTable {
    /// The whole table, in the order of its parts.
    public static let all: [MetricDefinition] = jobs + calls + log + worker + process + foreign

    static let jobs: [MetricDefinition] = [
        jobsByPhase, accepted, duplicates, deadLetters, keyMismatches, warnings, attemptsFailed, events, jobDuration,
    ]
    static let calls: [MetricDefinition] = [
        callsTotal, callDuration, downloadDuration, callFailures, callsInFlight, downloadsInFlight, callsUnderWay,
        callsWaiting, throttled, budget, accountPaused, lateAnswers,
    ]
    static let log: [MetricDefinition] = [
        partitions, topicPartitions, restores, released, lost, stopped, droppedRecords, commits, commitFailures,
        commitRecords, commitDuration, commitFailuresInRow, recordsGathering, kafkaConnected, intakePaused,
    ]
    static let worker: [MetricDefinition] = [ready, healthReason, heartbeatAge, stopping, buildInfo]
    static let process: [MetricDefinition] = [residentMemory, openFiles, maxFiles, cpuSeconds, startTime]
    static let foreign: [MetricDefinition] = [httpClientDuration, seriesDropped]

    // MARK: Jobs

    static let jobsByPhase = MetricDefinition(
        "payout_export_jobs", .gauge, unit: "jobs", labels: ["partition", "phase"],
        help: "Jobs that this worker knows, by partition and phase; finished ones for the deduplication window.")
    static let accepted = MetricDefinition(
        "payout_export_jobs_accepted_total", .counter, unit: "jobs", help: "Jobs taken from the jobs topic.")
    static let duplicates = MetricDefinition(
        "payout_export_duplicates_total", .counter, unit: "records", labels: ["event_repeated"],
        help: "Records that named a job which was known already; whether its event was published again.")
    static let deadLetters = MetricDefinition(
        "payout_export_dead_letters_total", .counter, unit: "records",
        help: "Records that could not be read as a job and went to the dead-letter topic.")
    static let keyMismatches = MetricDefinition(
        "payout_export_key_mismatches_total", .counter, unit: "jobs",
        help: "Jobs whose record's key is not their jobId: deduplication and cancelling reach only as far as the partition.")
    static let warnings = MetricDefinition(
        "payout_export_job_warnings_total", .counter, unit: "warnings",
        help: "Oddities of jobs that run all the same, such as a filter field that is not known.")
    static let attemptsFailed = MetricDefinition(
        "payout_export_attempts_failed_total", .counter, unit: "exports",
        help: "Exports that the service ended as Failed and that were queued again.")
    static let events = MetricDefinition(
        "payout_export_events_total", .counter, unit: "events", labels: ["status", "code"],
        help: "Completion events committed, by status and error code (none for completed).")
    static let jobDuration = MetricDefinition(
        "payout_export_job_duration_seconds", .histogram, unit: "seconds", labels: ["status"],
        buckets: MetricBuckets.jobSeconds, help: "Time from a job's acceptance to its end, by status.")

    // MARK: Calls

    static let callsTotal = MetricDefinition(
        "payout_export_calls_total", .counter, unit: "calls", labels: ["account", "call", "outcome"],
        help: "Calls answered, downloads included, by account, kind and outcome.")
    static let callDuration = MetricDefinition(
        "payout_export_call_duration_seconds", .histogram, unit: "seconds", labels: ["call"],
        help: "Time of the API calls, by kind.")
    static let downloadDuration = MetricDefinition(
        "payout_export_download_duration_seconds", .histogram, unit: "seconds", buckets: MetricBuckets.longSeconds,
        help: "Time of bringing a file into the file store.")
    static let callFailures = MetricDefinition(
        "payout_export_call_failures_total", .counter, unit: "calls", labels: ["call"],
        help: "Calls that failed and are repeated, by kind.")
    static let callsInFlight = MetricDefinition(
        "payout_export_calls_in_flight", .gauge, unit: "calls", help: "API calls under way, as the engine counts them.")
    static let downloadsInFlight = MetricDefinition(
        "payout_export_downloads_in_flight", .gauge, unit: "downloads", help: "Downloads under way.")
    static let callsUnderWay = MetricDefinition(
        "payout_export_account_calls_in_flight", .gauge, unit: "calls", labels: ["account", "call"],
        help: "Calls under way, downloads included, by account and kind.")
    static let callsWaiting = MetricDefinition(
        "payout_export_calls_waiting", .gauge, unit: "calls", labels: ["account", "call"],
        help: "Calls that wait for their turn, by account and kind.")
    static let throttled = MetricDefinition(
        "payout_export_throttled_total", .counter, unit: "times", labels: ["account", "call"],
        help: "Times that the service asked for fewer calls (429), by account and kind.")
    static let budget = MetricDefinition(
        "payout_export_account_request_budget", .gauge, unit: "requests per second", labels: ["account"],
        help: "API calls a second that this worker may make for the account: its share of the fleet's.")
    static let accountPaused = MetricDefinition(
        "payout_export_account_paused", .gauge, unit: "0 or 1", labels: ["account"],
        help: "Whether the account's credentials are refused, so that its jobs wait.")
    static let lateAnswers = MetricDefinition(
        "payout_export_late_answers_total", .counter, unit: "answers",
        help: "Answers to calls that were dropped because their assignment was over.")
}

// MARK: - The log

extension MetricsTable {
    static let partitions = MetricDefinition(
        "payout_export_partitions", .gauge, unit: "partitions", labels: ["lifecycle"],
        help: "Partitions of the jobs topic assigned to this worker, by where their assignment stands.")
    static let topicPartitions = MetricDefinition(
        "payout_export_topic_partitions", .gauge, unit: "partitions", help: "Partitions of the jobs topic.")
    static let restores = MetricDefinition(
        "payout_export_restores_total", .counter, unit: "partitions", help: "Partitions restored and taken into work.")
    static let released = MetricDefinition(
        "payout_export_partitions_released_total", .counter, unit: "partitions", help: "Partitions handed over in order.")
    static let lost = MetricDefinition(
        "payout_export_partitions_lost_total", .counter, unit: "partitions",
        help: "Partitions that were taken away before they could be handed over.")
    static let stopped = MetricDefinition(
        "payout_export_partitions_stopped_total", .counter, unit: "partitions",
        help: "Partitions that were stopped because their state cannot be trusted.")
    static let droppedRecords = MetricDefinition(
        "payout_export_dropped_records_total", .counter, unit: "records",
        help: "Records of lost partitions that were decided and not committed; their next owner decides anew.")
    static let commits = MetricDefinition(
        "payout_export_commits_total", .counter, unit: "commits", help: "Commits stored.")
    static let commitFailures = MetricDefinition(
        "payout_export_commit_failures_total", .counter, unit: "commits", help: "Commits that failed and are repeated.")
    static let commitRecords = MetricDefinition(
        "payout_export_commit_records", .histogram, unit: "records", buckets: MetricBuckets.records,
        help: "Records of one commit.")
    static let commitDuration = MetricDefinition(
        "payout_export_commit_duration_seconds", .histogram, unit: "seconds",
        help: "Time from the beginning of a commit until it is stored.")
    static let commitFailuresInRow = MetricDefinition(
        "payout_export_commit_failures_in_row", .gauge, unit: "commits", help: "Commits that failed in a row.")
    static let recordsGathering = MetricDefinition(
        "payout_export_records_gathering", .gauge, unit: "records", help: "Records that wait for their commit.")
    static let kafkaConnected = MetricDefinition(
        "payout_export_kafka_connected", .gauge, unit: "0 or 1", help: "Whether Kafka can be reached.")
    static let intakePaused = MetricDefinition(
        "payout_export_intake_paused", .gauge, unit: "0 or 1", labels: ["reason"],
        help: "Whether no new jobs are taken, by reason.")

    // MARK: The worker

    static let ready = MetricDefinition(
        "payout_export_ready", .gauge, unit: "0 or 1", help: "Whether /readyz says that the worker can take work.")
    static let healthReason = MetricDefinition(
        "payout_export_health_reason", .gauge, unit: "0 or 1", labels: ["code"],
        help: "What /readyz has to say against the worker, by code.")
    static let heartbeatAge = MetricDefinition(
        "payout_export_heartbeat_age_seconds", .gauge, unit: "seconds", labels: ["loop"],
        help: "Time since a loop last made progress.")
    static let stopping = MetricDefinition(
        "payout_export_stopping", .gauge, unit: "0 or 1", help: "Whether the worker is stopping.")
    static let buildInfo = MetricDefinition(
        "payout_export_build_info", .gauge, unit: "1", labels: ["version", "revision"],
        help: "The version of the worker that runs; always 1.")

    // MARK: The process

    static let residentMemory = MetricDefinition(
        "process_resident_memory_bytes", .gauge, unit: "bytes", help: "Resident memory of the process.")
    static let openFiles = MetricDefinition(
        "process_open_fds", .gauge, unit: "file descriptors", help: "Open file descriptors of the process.")
    static let maxFiles = MetricDefinition(
        "process_max_fds", .gauge, unit: "file descriptors", help: "File descriptors that the process may have open.")
    static let cpuSeconds = MetricDefinition(
        "process_cpu_seconds_total", .counter, unit: "seconds", help: "CPU time of the process, user and system.")
    static let startTime = MetricDefinition(
        "process_start_time_seconds", .gauge, unit: "seconds", help: "When the process started, since the Unix epoch.")

    // MARK: From elsewhere

    static let httpClientDuration = MetricDefinition(
        "http_client_request_duration_seconds", .histogram, unit: "seconds",
        labels: ["http_request_method", "http_response_status_code", "server_address", "error_type"],
        emitter: .exportsClient, help: "Time of HTTP requests, by OpenTelemetry's conventions for HTTP clients.")
    static let seriesDropped = MetricDefinition(
        "payout_export_metric_series_dropped_total", .counter, unit: "series", emitter: .factory,
        help: "Series that are not shown: too many of one metric, or one name with two types.")
}
