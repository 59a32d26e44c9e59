extension SettingDefinition {
    /// Further sentences for the reference page, in Markdown; empty if `help` suffices.
    var details: String { Self.details[name] ?? "" }

    static let details: [String: String] = [
        "KAFKA_GROUP_PROTOCOL":
            "`consumer` needs Kafka 4.0 and librdkafka 2.12, or later versions. The brokers then set session time-out and "
            + "heartbeat interval (`group.consumer.session.timeout.ms`, 45 s by default: so long a killed worker's partitions "
            + "wait). There are no static members, and the properties for them have no effect.",
        "WORKER_ID":
            "If you set it, the worker is a static member of a classic group: after a restart within the session time-out (10 s, "
            + "`KAFKA_CLIENT_SESSION_TIMEOUT_MS`) it gets its partitions back at once, and no other partitions move. Two live "
            + "workers must not share one.",
        "WORKER_DELIVERY": "`at-least-once` is for clusters without transactions.",
        "PAYOUT_API_REQUESTS_PER_SECOND": "Each worker uses the share of its partitions.",
        "FILES_LOCATION": "See [Store files](../Guides/FileStores.md).",
        "FILES_KEY_TEMPLATE": "It must contain `{jobId}`. See [Keys](../Guides/FileStores.md#keys).",
        "FILES_MODE": "It is independent of the umask.",
        "FILES_S3_ENDPOINT": "Such as MinIO or Ceph.",
        "FILES_S3_CHECKSUM": "`md5` is for implementations without `x-amz-checksum-sha256`.",
        "FILES_AZURE_SAS_TOKEN": "It needs the rights create and write; a file is read again for each request.",
        "HTTPS_PROXY":
            "For the API, the identity provider, blobs, stores and the collector; user name and password are "
            + "percent-encoded. `http` addresses and this machine's own are always reached directly.",
        "NO_PROXY":
            "`example.com` includes every name below it, `.example.com` only the names below it; `*` is every host. Ranges of "
            + "addresses are ignored.",
        "HTTP_GRAFANA_URL":
            "Such as `https://grafana.example.com`, with a path where Grafana has one. The browser opens it, not the worker.",
        "LOG_LEVEL": "`trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical`.",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "OTLP over HTTP, in JSON.",
    ]
}
