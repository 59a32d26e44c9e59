/// Metrics of downloads and of the files that they store.
extension MetricsTable {
    static let storedFiles = MetricDefinition(
        "payout_export_stored_files_total",
        .counter,
        unit: "files",
        help: "Files stored in the file store."
    )
    static let storedBytes = MetricDefinition(
        "payout_export_stored_bytes_total",
        .counter,
        unit: "bytes",
        help: "Bytes of the files stored in the file store."
    )
    static let transfersWaiting = MetricDefinition(
        "payout_export_transfers_waiting",
        .gauge,
        unit: "downloads",
        help:
            "Downloads that wait for their turn, suspended ones included: at most WORKER_MAX_CONCURRENT_DOWNLOADS run at a time."
    )
    static let transferReceived = MetricDefinition(
        "payout_export_transfer_received_bytes",
        .gauge,
        unit: "bytes",
        help: "Bytes received so far of the downloads in flight."
    )
    static let transferExpected = MetricDefinition(
        "payout_export_transfer_expected_bytes",
        .gauge,
        unit: "bytes",
        help: "Total bytes of the downloads in flight, where the service reports the size."
    )
    static let headerChanges = MetricDefinition(
        "payout_export_header_changes_total",
        .counter,
        unit: "files",
        labels: ["account", "kind", "format"],
        help:
            "Stored files whose header differs from the last one of the same account, kind and format that this worker knows."
    )
    static let files: [MetricDefinition] = [
        storedFiles, storedBytes, headerChanges, transfersWaiting, transferReceived, transferExpected,
    ]
}
