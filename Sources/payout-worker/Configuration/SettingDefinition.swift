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
    static let all: [SettingDefinition] = kafka + worker + service + files

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
        .init(name: "FILES_LOCATION", defaultValue: "", help: "file:///path; empty hands the service's URL on"),
        .init(name: "HTTP_HOST", defaultValue: "127.0.0.1", help: "where health, metrics and dashboard listen"),
        .init(name: "HTTP_PORT", defaultValue: "8080", help: "where health, metrics and dashboard listen"),
        .init(name: "LOG_LEVEL", defaultValue: "info", help: "trace, debug, info, notice, warning, error or critical"),
        .init(name: "LOG_FORMAT", help: "text or json; json when not on a terminal"),
    ]

    /// The variables that an entry of `accounts` in a file may set for itself.
    static let perAccount: Set<String> = Set(service.map(\.name))
}
