import FileStores

/// A configuration variable: its name, default value and meaning.
struct SettingDefinition: Sendable {
    /// The environment variable. In a file, the key is the same name in lower case with dots.
    var name: String
    /// Used if the variable is not set; `nil` if there is no default.
    var defaultValue: String?
    /// Whether the value is a secret: it is masked wherever it is shown, and can also be read from the file `NAME_FILE`.
    var isSecret = false
    /// What applies if the variable is not set and has no default value, for users.
    var unset: String?
    /// The description for users, without the default.
    var help: String

    /// The description with what applies if the variable is not set, for a terminal.
    var meaning: String {
        let text = unset.map { $0 == Self.required ? help : "\(help); default: \($0)" } ?? help
        return text.replacing("`", with: "")
    }

    /// The value of `unset` of a variable that must be set.
    static let required = "required"
}

extension SettingDefinition {
    /// Every variable, in the order of the documentation.
    static let all: [SettingDefinition] = kafka + worker + service + files + observability

    private static let kafka: [SettingDefinition] = [
        .init(name: "KAFKA_BOOTSTRAP_SERVERS", unset: required, help: "broker list, host:port separated by commas"),
        .init(name: "KAFKA_GROUP_ID", defaultValue: "payout-export-workers", help: "consumer group"),
        .init(
            name: "KAFKA_GROUP_PROTOCOL",
            defaultValue: "classic",
            help: "how the group assigns partitions: classic, or consumer (KIP-848, experimental)"
        ),
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
        .init(name: "WORKER_ID", unset: "the host name and a random suffix", help: "name of this instance"),
        .init(name: "WORKER_DELIVERY", defaultValue: "exactly-once", help: "exactly-once or at-least-once"),
        .init(
            name: "WORKER_COMMIT_INTERVAL",
            defaultValue: "50ms",
            help: "how long records are batched before they are committed together"
        ),
        .init(
            name: "WORKER_MAX_PENDING",
            defaultValue: "10000",
            help: "jobs accepted and not yet submitted before intake pauses"
        ),
        .init(name: "WORKER_MAX_CONCURRENT_REQUESTS", defaultValue: "64", help: "API calls in flight at once"),
        .init(name: "WORKER_MAX_CONCURRENT_DOWNLOADS", defaultValue: "4", help: "files transferred at once"),
        .init(
            name: "WORKER_POLL_MIN_INTERVAL",
            defaultValue: "5s",
            help: "the first wait between two polls of one export"
        ),
        .init(
            name: "WORKER_POLL_MAX_INTERVAL",
            defaultValue: "5m",
            help: "the longest wait between two polls of one export"
        ),
        .init(
            name: "WORKER_JOB_TIMEOUT",
            defaultValue: "26h",
            help: "the default deadline, counted from the later of acceptance and `notBefore`"
        ),
        .init(
            name: "WORKER_DEDUPLICATION_WINDOW",
            defaultValue: "24h",
            help: "how long a finished job's id is kept"
        ),
        .init(name: "WORKER_SHUTDOWN_TIMEOUT", defaultValue: "25s", help: "how long a stop may take"),
        .init(
            name: "WORKER_STALL_TIMEOUT",
            defaultValue: "60s",
            help: "the worker is not ready after this time without progress while work waits"
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
            unset: "`refresh-token` if a token is configured or saved, else `password` with user name and password",
            help:
                "`refresh-token`, `password` or `client-credentials`"
        ),
        .init(name: "PAYOUT_API_TENANT_ID", unset: required, help: "the directory (tenant) id"),
        .init(name: "PAYOUT_API_CLIENT_ID", unset: required, help: "the application (client) id"),
        .init(name: "PAYOUT_API_USERNAME", help: "user name, for the password flow"),
        .init(name: "PAYOUT_API_PASSWORD", isSecret: true, help: "password, for the password flow"),
        .init(name: "PAYOUT_API_REFRESH_TOKEN", isSecret: true, help: "refresh token, for the refresh-token flow"),
        .init(
            name: "PAYOUT_API_REFRESH_TOKEN_SAVED_IN",
            unset: "the token's own file, if it is writable",
            help:
                "a persistent file or folder for the newest refresh token of each account"
        ),
        .init(name: "PAYOUT_API_CLIENT_SECRET", isSecret: true, help: "client secret, for a confidential client"),
        .init(name: "PAYOUT_API_REQUESTS_PER_SECOND", defaultValue: "20", help: "the whole fleet's budget per account"),
        .init(
            name: "PAYOUT_API_BLOB_HOSTS",
            defaultValue: "*.blob.core.windows.net",
            help: "hosts that files may be fetched from"
        ),
        .init(
            name: "PAYOUT_API_DELETE_AFTER_DOWNLOAD",
            defaultValue: "false",
            help: "delete the export at the service once its file is stored"
        ),
        .init(
            name: "PAYOUT_API_REQUIRE_FILTER",
            defaultValue: "false",
            help: "refuse jobs without a filter, which export three years"
        ),
    ]

    private static let files: [SettingDefinition] = [
        .init(
            name: "FILES_LOCATION",
            defaultValue: "",
            help:
                "file:///path, s3://bucket/prefix or azblob://account/container/prefix; empty: pass the service's URL through"
        ),
        .init(
            name: "FILES_KEY_TEMPLATE",
            defaultValue: FileKeyTemplate.defaultText,
            help: "the files' keys below the location"
        ),
        .init(
            name: "FILES_MODE",
            defaultValue: "0640",
            help: "mode of files in a file:// store, octal; folders get the same mode with search permission"
        ),
        .init(name: "FILES_S3_ENDPOINT", unset: "AWS", help: "https://host[:port] of an S3-compatible service"),
        .init(name: "FILES_S3_REGION", unset: "`AWS_REGION`, the profile's, `us-east-1`", help: "the bucket's region"),
        .init(
            name: "FILES_S3_PATH_STYLE",
            unset: "true with an endpoint",
            help: "put the bucket in the path: true or false"
        ),
        .init(
            name: "FILES_S3_SERVER_SIDE_ENCRYPTION",
            unset: "the bucket's setting",
            help: "AES256, aws:kms or aws:kms:dsse"
        ),
        .init(name: "FILES_S3_KMS_KEY_ID", unset: "the account's key", help: "the key for aws:kms"),
        .init(name: "FILES_S3_STORAGE_CLASS", unset: "the bucket's setting", help: "storage class such as STANDARD_IA"),
        .init(name: "FILES_S3_CHECKSUM", defaultValue: "sha256", help: "how S3 verifies uploads: sha256 or md5"),
        .init(
            name: "FILES_AZURE_ENDPOINT",
            unset: "Azure's public cloud",
            help: "https://host of the storage account"
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

    private static let observability: [SettingDefinition] = [
        .init(
            name: "HTTPS_PROXY",
            isSecret: true,
            unset: "direct connections",
            help: "HTTP proxy for https addresses, http://user:password@host:port"
        ),
        .init(
            name: "NO_PROXY",
            defaultValue: "",
            help:
                "hosts without the proxy, separated by commas: example.com with the names below it, .example.com, host:port, *"
        ),
        .init(
            name: "TLS_CA_FILE",
            unset: "the system's certificate authorities",
            help:
                "PEM file of further certificate authorities for the API, the identity provider, blobs, stores and the collector"
        ),
        .init(name: "HTTP_HOST", defaultValue: "127.0.0.1", help: "address of health, metrics and dashboard"),
        .init(name: "HTTP_PORT", defaultValue: "8080", help: "port of health, metrics and dashboard"),
        .init(
            name: "HTTP_ALLOWED_HOSTS",
            defaultValue: "",
            help: "further Host headers that are answered, separated by commas: names, *.example.com, or *; loopback "
                + "names, HTTP_HOST and the address of the connection are always answered"
        ),
        .init(
            name: "HTTP_WORKER_DOMAIN",
            defaultValue: "",
            help: "domain in which each WORKER_ID is a host name, such as that of a headless service: the other "
                + "workers' consoles are asked there; empty: at the address from which they are connected to Kafka"
        ),
        .init(
            name: "HTTP_GRAFANA_URL",
            unset: "no links",
            help: "address of the Grafana that has deploy/grafana/dashboard.json: the dashboard links to its panels"
        ),
        .init(
            name: "HTTP_ADMIN_TOKEN",
            isSecret: true,
            unset: "the console is read-only",
            help: "bearer token, at least 16 characters, for the console's actions: cancel, retry, pause, resume"
        ),
        .init(
            name: "LOG_LEVEL",
            defaultValue: "info",
            help: "trace to critical; levels of parts after it: info,kafka=debug"
        ),
        .init(
            name: "LOG_FORMAT",
            unset: "`text` on a terminal, else `json`",
            help: "`text` or `json`, on standard error"
        ),
        .init(
            name: "OTEL_EXPORTER_OTLP_ENDPOINT",
            defaultValue: "",
            help: "collector of traces, such as http://localhost:4318; empty: no traces"
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
            help: "share of traces that are recorded, from 0 to 1, unless a job's producer has decided it"
        ),
    ]

    /// The variables that an entry of `accounts` in a file can override.
    static let perAccount: Set<String> = Set(service.map(\.name))
}
