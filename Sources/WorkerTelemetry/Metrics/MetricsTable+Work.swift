/// Metrics of the work in addition to counts: ages, shares, bytes, and OpenTelemetry's metrics.
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
        help: "Jobs that have used four fifths of the time until their deadline."
    )
    static let deliveryDuration = MetricDefinition(
        "payout_export_delivery_duration_seconds",
        .histogram,
        unit: "seconds",
        buckets: MetricBuckets.longSeconds,
        help: "Time from the poll that found an export completed to the job's event."
    )

    static let pausedPartitions = MetricDefinition(
        "payout_export_paused",
        .gauge,
        unit: "partitions",
        labels: ["account", "kind"],
        help:
            "Partitions of this worker in which an operator has paused the submissions of an account's jobs of a kind."
    )

    static let openBatches = MetricDefinition(
        "payout_export_open_batches",
        .gauge,
        unit: "batches",
        help: "Batches that have not ended: jobs are missing, or have not ended."
    )
    static let batchEvents = MetricDefinition(
        "payout_export_batch_events_total",
        .counter,
        unit: "events",
        labels: ["status"],
        help: "Batch events committed, by status."
    )

    // MARK: Calls

    static let downloadBytes = MetricDefinition(
        "payout_export_download_bytes_total",
        .counter,
        unit: "bytes",
        help: "Bytes of the files downloaded into the file store."
    )
    static let downloadRetries = MetricDefinition(
        "payout_export_download_retries_total",
        .counter,
        unit: "downloads",
        help: "Downloads that delivered no file and are retried, or end their job."
    )
    static let throttledTime = MetricDefinition(
        "payout_export_throttled_seconds_total",
        .counter,
        unit: "seconds",
        labels: ["account", "call"],
        help: "Time that calls were throttled by the service (429), by account and kind."
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
        help: "Whether the file store accepts files; 1 also where none is configured."
    )

    // MARK: The log

    static let partitionLag = MetricDefinition(
        "payout_export_partition_lag",
        .gauge,
        unit: "records",
        labels: ["partition"],
        help: "Records of an assigned partition of the jobs topic that this worker has not decided yet."
    )
    static let keptBack = MetricDefinition(
        "payout_export_partition_kept_back",
        .gauge,
        unit: "records",
        labels: ["partition"],
        help: "Offsets of an assigned partition of the jobs topic that another producer's open transaction holds back."
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
        help: "Progress of a state partition's restore while it runs."
    )
    static let restoreDuration = MetricDefinition(
        "payout_export_restore_duration_seconds",
        .histogram,
        unit: "seconds",
        buckets: MetricBuckets.longSeconds,
        help: "Time from a partition's assignment until its state is restored."
    )
    static let restoredRecords = MetricDefinition(
        "payout_export_restored_records_total",
        .counter,
        unit: "records",
        help: "Records of the state topic read in restores."
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
        help: "Problems of the topics' settings; /readyz names them and their remedies."
    )
    static let intakePauses = MetricDefinition(
        "payout_export_intake_pauses_total",
        .counter,
        unit: "times",
        labels: ["reason"],
        help: "Times that intake of new jobs was paused, by reason."
    )
    static let reloads = MetricDefinition(
        "payout_export_configuration_reloads",
        .gauge,
        unit: "times",
        labels: ["outcome"],
        help: "Configuration reloads since the start, by outcome."
    )

    // MARK: OpenTelemetry's names for messaging

    static let consumedMessages = MetricDefinition(
        "messaging_client_consumed_messages_total",
        .counter,
        unit: "records",
        labels: ["messaging_destination_name"],
        help: "Records consumed, by topic; without those of restores."
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
