/// What is told of the work beside the counts: ages, shares, bytes, and the names that OpenTelemetry gives.
extension MetricsTable {
    static let openJobs = MetricDefinition(
        "payout_export_open_jobs",
        .gauge,
        unit: "jobs",
        labels: ["account", "kind", "phase"],
        help: "Jobs that have not ended, by account, kind and phase; 'other' for accounts that are not configured."
    )
    static let oldestJobAge = MetricDefinition(
        "payout_export_oldest_job_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["phase"],
        help: "Time since the acceptance of the oldest job that has not ended, by phase; 0 when there is none."
    )
    static let lateJobs = MetricDefinition(
        "payout_export_late_jobs",
        .gauge,
        unit: "jobs",
        help: "Jobs of whose time until the deadline four fifths are over."
    )
    static let deliveryDuration = MetricDefinition(
        "payout_export_delivery_duration_seconds",
        .histogram,
        unit: "seconds",
        buckets: MetricBuckets.longSeconds,
        help: "Time from seeing an export completed at the service to the job's event."
    )

    // MARK: Calls

    static let downloadBytes = MetricDefinition(
        "payout_export_download_bytes_total",
        .counter,
        unit: "bytes",
        help: "Bytes of the files that were brought into the file store."
    )
    static let downloadRetries = MetricDefinition(
        "payout_export_download_retries_total",
        .counter,
        unit: "downloads",
        help: "Downloads that brought no file and are repeated, or end their job."
    )
    static let throttledTime = MetricDefinition(
        "payout_export_throttled_seconds_total",
        .counter,
        unit: "seconds",
        labels: ["account", "call"],
        help: "Time that calls were held back because the service asked for it (429), by account and kind."
    )
    static let budgetShare = MetricDefinition(
        "payout_export_budget_share_ratio",
        .gauge,
        unit: "0 to 1",
        help: "This worker's share of the fleet's API budget: its partitions of all partitions."
    )
    static let storeUsable = MetricDefinition(
        "payout_export_file_store_usable",
        .gauge,
        unit: "0 or 1",
        help: "Whether the file store takes files; 1 also where none is configured."
    )

    // MARK: The log

    static let partitionLag = MetricDefinition(
        "payout_export_partition_lag",
        .gauge,
        unit: "records",
        labels: ["partition"],
        help: "Records of an own partition of the jobs topic that this worker has not decided yet."
    )
    static let rebalances = MetricDefinition(
        "payout_export_rebalances_total",
        .counter,
        unit: "rebalances",
        labels: ["change"],
        help: "Changes of the group's assignment at this worker, by change."
    )
    static let restoreProgress = MetricDefinition(
        "payout_export_restore_progress_ratio",
        .gauge,
        unit: "0 to 1",
        labels: ["partition"],
        help: "How far the reading of a state partition is, while it goes on."
    )
    static let restoreDuration = MetricDefinition(
        "payout_export_restore_duration_seconds",
        .histogram,
        unit: "seconds",
        buckets: MetricBuckets.longSeconds,
        help: "Time from a partition's assignment until its state is read."
    )
    static let restoredRecords = MetricDefinition(
        "payout_export_restored_records_total",
        .counter,
        unit: "records",
        help: "Records of the state topic that were read in restores."
    )
    static let commitAborts = MetricDefinition(
        "payout_export_commit_aborts_total",
        .counter,
        unit: "commits",
        labels: ["cause"],
        help: "Commits that were aborted, by cause: Kafka's name of the error, producerNotReady or partitionTakenAway."
    )
    static let topicProblems = MetricDefinition(
        "payout_export_topic_problems",
        .gauge,
        unit: "findings",
        help: "What is wrong with the topics' settings; /readyz says what, and how to mend it."
    )
    static let intakePauses = MetricDefinition(
        "payout_export_intake_pauses_total",
        .counter,
        unit: "times",
        labels: ["reason"],
        help: "Times that no new jobs were taken for a while, by reason."
    )
    static let reloads = MetricDefinition(
        "payout_export_configuration_reloads",
        .gauge,
        unit: "times",
        labels: ["outcome"],
        help: "Times since the start that the configuration was read again, by outcome."
    )

    // MARK: OpenTelemetry's names for messaging

    static let consumedMessages = MetricDefinition(
        "messaging_client_consumed_messages_total",
        .counter,
        unit: "records",
        labels: ["messaging_destination_name"],
        help: "Records consumed, by topic; those of restores are not among them."
    )
    static let sentMessages = MetricDefinition(
        "messaging_client_sent_messages_total",
        .counter,
        unit: "records",
        labels: ["messaging_destination_name"],
        help: "Records stored in committed transactions, by topic."
    )
    static let clientOperationDuration = MetricDefinition(
        "messaging_client_operation_duration_seconds",
        .histogram,
        unit: "seconds",
        labels: ["messaging_operation_name", "messaging_system"],
        help: "Time of operations on Kafka, by OpenTelemetry's conventions for messaging."
    )
}
