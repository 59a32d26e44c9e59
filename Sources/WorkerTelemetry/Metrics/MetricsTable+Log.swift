extension MetricsTable {
    static let partitions = MetricDefinition(
        "payout_export_partitions",
        .gauge,
        unit: "partitions",
        labels: ["lifecycle"],
        help: "Partitions of the jobs topic assigned to this worker, by the state of their assignment."
    )
    static let topicPartitions = MetricDefinition(
        "payout_export_topic_partitions",
        .gauge,
        unit: "partitions",
        help: "Partitions of the jobs topic."
    )
    static let restores = MetricDefinition(
        "payout_export_restores_total",
        .counter,
        unit: "partitions",
        help: "Partitions restored and active."
    )
    static let released = MetricDefinition(
        "payout_export_partitions_released_total",
        .counter,
        unit: "partitions",
        help: "Partitions released in order."
    )
    static let lost = MetricDefinition(
        "payout_export_partitions_lost_total",
        .counter,
        unit: "partitions",
        help: "Partitions lost before they could be released."
    )
    static let stopped = MetricDefinition(
        "payout_export_partitions_stopped_total",
        .counter,
        unit: "partitions",
        help: "Partitions stopped because their state cannot be trusted."
    )
    static let droppedRecords = MetricDefinition(
        "payout_export_dropped_records_total",
        .counter,
        unit: "records",
        help: "Uncommitted records of lost partitions; the next owner decides again."
    )
    static let unreadRecords = MetricDefinition(
        "payout_export_unread_records_total",
        .counter,
        unit: "offsets",
        help: "Offsets of the jobs topic that were deleted before a worker had read them; the log has the offsets."
    )
    static let foreignOffsets = MetricDefinition(
        "payout_export_foreign_offsets_total",
        .counter,
        unit: "times",
        help: "Times that another consumer had committed an offset in the group; the worker continues from its own."
    )
    static let commits = MetricDefinition(
        "payout_export_commits_total",
        .counter,
        unit: "commits",
        help: "Commits stored."
    )
    static let commitFailures = MetricDefinition(
        "payout_export_commit_failures_total",
        .counter,
        unit: "commits",
        help: "Commits that failed and are retried."
    )
    static let commitRecords = MetricDefinition(
        "payout_export_commit_records",
        .histogram,
        unit: "records",
        buckets: MetricBuckets.records,
        help: "Records of one commit."
    )
    static let commitDuration = MetricDefinition(
        "payout_export_commit_duration_seconds",
        .histogram,
        unit: "seconds",
        help: "Time from the beginning of a commit until it is stored."
    )
    static let commitFailuresInRow = MetricDefinition(
        "payout_export_commit_failures_in_row",
        .gauge,
        unit: "commits",
        help: "Commits that failed in a row."
    )
    static let recordsGathering = MetricDefinition(
        "payout_export_records_gathering",
        .gauge,
        unit: "records",
        help: "Records that wait for their commit."
    )
    static let kafkaConnected = MetricDefinition(
        "payout_export_kafka_connected",
        .gauge,
        unit: "0 or 1",
        help: "Whether Kafka can be reached."
    )
    static let intakePaused = MetricDefinition(
        "payout_export_intake_paused",
        .gauge,
        unit: "0 or 1",
        labels: ["reason"],
        help: "Whether intake of new jobs is paused, by reason."
    )

    static let refusalsContinue = MetricDefinition(
        "payout_export_refusals_continue",
        .gauge,
        unit: "0 or 1",
        help: "Whether nearly every job is refused and intake continues, because it was paused for long enough."
    )
    static let refusalFloods = MetricDefinition(
        "payout_export_refusal_floods_total",
        .counter,
        unit: "times",
        help: "Times that nearly every job was still refused after the longest pause of intake."
    )

    // MARK: The worker

    static let ready = MetricDefinition(
        "payout_export_ready",
        .gauge,
        unit: "0 or 1",
        help: "Whether the worker is ready, as in /readyz."
    )
    static let healthReason = MetricDefinition(
        "payout_export_health_reason",
        .gauge,
        unit: "0 or 1",
        labels: ["code"],
        help: "Whether /readyz has this health reason, by code."
    )
    static let heartbeatAge = MetricDefinition(
        "payout_export_heartbeat_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["loop"],
        help: "Time since a loop last made progress."
    )
    static let stopping = MetricDefinition(
        "payout_export_stopping",
        .gauge,
        unit: "0 or 1",
        help: "Whether the worker is stopping."
    )
    static let buildInfo = MetricDefinition(
        "payout_export_build_info",
        .gauge,
        unit: "1",
        labels: ["version", "revision"],
        help: "The version of the worker that runs; always 1."
    )

    static let droppedLogLines = MetricDefinition(
        "payout_export_log_lines_dropped_total",
        .counter,
        unit: "lines",
        help: "Log lines that were dropped because standard error is not read."
    )

    // MARK: The process

    static let residentMemory = MetricDefinition(
        "process_resident_memory_bytes",
        .gauge,
        unit: "bytes",
        help: "Resident memory of the process."
    )
    static let openFiles = MetricDefinition(
        "process_open_fds",
        .gauge,
        unit: "file descriptors",
        help: "Open file descriptors of the process."
    )
    static let maxFiles = MetricDefinition(
        "process_max_fds",
        .gauge,
        unit: "file descriptors",
        help: "File descriptors that the process may have open."
    )
    static let cpuSeconds = MetricDefinition(
        "process_cpu_seconds_total",
        .counter,
        unit: "seconds",
        help: "CPU time of the process, user and system."
    )
    static let startTime = MetricDefinition(
        "process_start_time_seconds",
        .gauge,
        unit: "seconds",
        help: "When the process started, since the Unix epoch."
    )

    // MARK: From libraries

    static let httpClientDuration = MetricDefinition(
        "http_client_request_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["http_request_method", "http_response_status_code", "server_address", "error_type"],
        emitter: .exportsClient,
        help: "Time of HTTP requests, by OpenTelemetry's conventions for HTTP clients."
    )
    static let seriesDropped = MetricDefinition(
        "payout_export_metric_series_dropped_total",
        .counter,
        unit: "series",
        emitter: .factory,
        help: "Series that are not exposed: too many of one metric, or one name with two types."
    )
}
