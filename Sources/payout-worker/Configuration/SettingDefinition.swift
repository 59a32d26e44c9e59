import FileStores

/// One configuration variable: its name, what it defaults to, and what it means.
struct SettingDefinition: Sendable {
    /// The environment variable; in a file the same in lower case with dots.
    var name: String
    /// Used where nothing else says; `nil` when there is no default.
    var defaultValue: String?
    /// Whether the value is a secret: masked wherever it is shown, and also taken from the file that `NAME_FILE` names.
    var isSecret = false
    /// What it means.
    var help: String

    /// The key in a configuration file.
    var fileKey: String { name.lowercased().replacing("_", with: ".") }
}

extension SettingDefinition {
    /// Every variable, in the order in which people read about them.
    static let all: [SettingDefinition] = kafka + worker + service + files + surroundings

    private static let kafka: [SettingDefinition] = [
        .init(name: "KAFKA_BOOTSTRAP_SERVERS", help: "broker list, host:port separated by commas"),
        .init(name: "KAFKA_GROUP_ID", defaultValue: "payout-export-workers", help: "consumer group"),
        .init(name: "KAFKA_TOPICS_JOBS", defaultValue: "payout.export.jobs", help: "jobs topic"),
        .init(name: "KAFKA_TOPICS_RESULTS", defaultValue: "payout.export.results", help: "results topic"),
        .init(name: "KAFKA_TOPICS_STATE", defaultValue: "payout.export.state", help: "state topic, compacted"),
        .init(
            name: "KAFKA_TOPICS_DEAD_LETTER",
            defaultValue: "payout.export.dead-letter",
            help: "dead-letter topic"
        ),
    ]

    private static let worker: [SettingDefinition] = [
        .init(name: "WORKER_ID", help: "names this instance; host name and a random suffix unless given"),
        .init(name: "WORKER_DELIVERY", defaultValue: "exactly-once", help: "exactly-once or at-least-once"),
        .init(
            name: "WORKER_COMMIT_INTERVAL",
            defaultValue: "50ms",
            help: "how long records gather before they are committed together"
        ),
        .init(
            name: "WORKER_MAX_PENDING",
            defaultValue: "10000",
            help: "jobs accepted and not yet submitted before intake pauses"
        ),
        .init(name: "WORKER_MAX_CONCURRENT_REQUESTS", defaultValue: "64", help: "API calls under way at once"),
        .init(name: "WORKER_MAX_CONCURRENT_DOWNLOADS", defaultValue: "4", help: "downloads under way at once"),
        .init(
            name: "WORKER_POLL_MIN_INTERVAL",
            defaultValue: "5s",
            help: "the first wait between two looks at one export"
        ),
        .init(
            name: "WORKER_POLL_MAX_INTERVAL",
            defaultValue: "5m",
            help: "the longest wait between two looks at one export"
        ),
        .init(name: "WORKER_JOB_TIMEOUT", defaultValue: "26h", help: "the default deadline"),
        .init(
            name: "WORKER_DEDUPLICATION_WINDOW",
            defaultValue: "24h",
            help: "how long a finished job's id is remembered"
        ),
        .init(name: "WORKER_SHUTDOWN_TIMEOUT", defaultValue: "25s", help: "how long a stop may take"),
        .init(
            name: "WORKER_STALL_TIMEOUT",
            defaultValue: "60s",
            help: "after how long without progress, though something waits, the worker is not ready"
        ),
    ]

    private static let service: [SettingDefinition] = [
        .init(name: "PAYOUT_API_BASE_URL", defaultValue: "https://api.partner.microsoft.com", help: "the service"),
        .init(
            name: "PAYOUT_API_AUTHORITY",
            defaultValue: "https://login.microsoftonline.com",
            help: "the identity provider"
        ),
        .init(
            name: "PAYOUT_API_AUTHENTICATION",
            defaultValue: "password",
            help: "password, refresh-token or client-credentials"
        ),
        .init(name: "PAYOUT_API_TENANT_ID", help: "the directory (tenant) id"),
        .init(name: "PAYOUT_API_CLIENT_ID", help: "the application (client) id"),
        .init(name: "PAYOUT_API_USERNAME", help: "user name, for the password flow"),
        .init(name: "PAYOUT_API_PASSWORD", isSecret: true, help: "password, for the password flow"),
        .init(name: "PAYOUT_API_REFRESH_TOKEN", isSecret: true, help: "refresh token, for the refresh-token flow"),
        .init(name: "PAYOUT_API_CLIENT_SECRET", isSecret: true, help: "client secret, for a confidential client"),
        .init(name: "PAYOUT_API_REQUESTS_PER_SECOND", defaultValue: "20", help: "the whole fleet's budget per account"),
        .init(
            name: "PAYOUT_API_BLOB_HOSTS",
            defaultValue: "*.blob.core.windows.net",
            help: "where files may be fetched from"
        ),
        .init(
            name: "PAYOUT_API_DELETE_AFTER_DOWNLOAD",
            defaultValue: "false",
            help: "delete the export at the service once its file is stored"
        ),
    ]

    private static let files: [SettingDefinition] = [
        .init(
            name: "FILES_LOCATION",
            defaultValue: "",
            help:
                "file:///path, s3://bucket/prefix or azblob://account/container/prefix; empty hands the service's URL on"
        ),
        .init(name: "FILES_KEY_TEMPLATE", defaultValue: FileKeyTemplate.defaultText, help: "the files' keys below it"),
        .init(name: "FILES_S3_ENDPOINT", help: "https://host[:port] of what speaks S3's protocol; AWS unless given"),
        .init(name: "FILES_S3_REGION", help: "the bucket's region; AWS_REGION or the profile's unless given"),
        .init(name: "FILES_S3_PATH_STYLE", help: "the bucket in the path: true or false; true with an endpoint"),
        .init(
            name: "FILES_S3_SERVER_SIDE_ENCRYPTION",
            help: "AES256, aws:kms or aws:kms:dsse; the bucket's default unless given"
        ),
        .init(name: "FILES_S3_KMS_KEY_ID", help: "the key for aws:kms; the account's own unless given"),
        .init(name: "FILES_S3_STORAGE_CLASS", help: "such as STANDARD_IA; the bucket's default unless given"),
        .init(name: "FILES_S3_CHECKSUM", defaultValue: "sha256", help: "how S3 verifies bodies: sha256 or md5"),
        .init(
            name: "FILES_AZURE_ENDPOINT",
            help: "https://host of the storage account; Azure's public cloud unless given"
        ),
        .init(name: "FILES_AZURE_SAS_TOKEN", isSecret: true, help: "shared access signature of the container"),
        .init(name: "FILES_AZURE_TENANT_ID", help: "directory (tenant) id, for an application instead of a signature"),
        .init(name: "FILES_AZURE_CLIENT_ID", help: "application (client) id"),
        .init(name: "FILES_AZURE_CLIENT_SECRET", isSecret: true, help: "the application's secret"),
        .init(
            name: "FILES_AZURE_AUTHORITY",
            defaultValue: "https://login.microsoftonline.com",
            help: "the identity provider of the storage account"
        ),
    ]

    private static let surroundings: [SettingDefinition] = [
        .init(name: "HTTP_HOST", defaultValue: "127.0.0.1", help: "where health, metrics and dashboard listen"),
        .init(name: "HTTP_PORT", defaultValue: "8080", help: "where health, metrics and dashboard listen"),
        .init(name: "LOG_LEVEL", defaultValue: "info", help: "trace to critical; of a part alone: info,kafka=debug"),
        .init(name: "LOG_FORMAT", help: "text or json; json when not on a terminal"),
        .init(
            name: "OTEL_EXPORTER_OTLP_ENDPOINT",
            defaultValue: "",
            help: "collector of traces, such as http://localhost:4318; empty for none"
        ),
        .init(
            name: "OTEL_EXPORTER_OTLP_HEADERS",
            defaultValue: "",
            isSecret: true,
            help: "headers for the collector, name=value separated by commas"
        ),
        .init(name: "OTEL_SERVICE_NAME", defaultValue: "payout-export-worker", help: "this service's name in traces"),
        .init(
            name: "OTEL_TRACES_SAMPLER_ARG",
            defaultValue: "1",
            help: "share of traces that are recorded, from 0 to 1, where a job's producer has not decided it"
        ),
    ]

    /// The variables that an entry of `accounts` in a file may set for itself.
    static let perAccount: Set<String> = Set(service.map(\.name))
}
