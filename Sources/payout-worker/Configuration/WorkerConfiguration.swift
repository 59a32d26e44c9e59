import ExportCore
import Foundation
import HTTPAccess
import KafkaClient
import Logging
import PayoutAPI
import Primitives
import WorkerKafka

/// The validated configuration of a worker.
struct WorkerConfiguration: Sendable {
    var log: KafkaLogConfiguration
    /// The source of Kafka's user name and password; `nil` if there are none.
    var kafkaSecrets: KafkaSecrets?
    var core: CoreConfiguration
    var accounts: [AccountConfiguration]
    /// How servers are reached, Kafka's brokers excepted.
    var network: NetworkSettings
    var files: FilesConfiguration
    var shutdownTimeout: Duration
    var stallTimeout: Duration
    var httpHost: String
    var httpPort: Int
    /// Values of the `Host` header that the console answers, in addition to those that it always answers.
    var httpAllowedHosts: [String]
    /// The domain in which the workers' ids are host names; `nil` where they are not.
    var httpWorkerDomain: String?
    /// The address of the Grafana with the worker's dashboard; `nil` where there is none.
    var httpGrafanaURL: String?
    /// `nil` where the console is read-only.
    var httpAdminToken: String?
    /// `nil` if tracing is disabled.
    var tracing: TracingConfiguration?

    /// Reads and validates all settings, and reports all problems at once.
    init(_ settings: Settings) throws {
        var reader = SettingReader(settings)
        log = try Self.log(&reader)
        if let obstacle = log.groupProtocol.obstacle {
            reader.problems.append("KAFKA_GROUP_PROTOCOL: \(obstacle). Install a later one, or set it to classic.")
        }
        kafkaSecrets = reader.kafkaSecrets()
        core = Self.core(&reader)
        network = NetworkSettings(&reader)
        files = FilesConfiguration(&reader, network)
        core.storesFiles = !files.location.isEmpty
        core.commitsAreAtomic = log.delivery == .exactlyOnce
        shutdownTimeout = reader.duration("WORKER_SHUTDOWN_TIMEOUT")
        stallTimeout = reader.duration("WORKER_STALL_TIMEOUT")
        httpHost = reader.text("HTTP_HOST")
        httpPort = reader.integer("HTTP_PORT", in: 0...65_535)
        httpAllowedHosts = reader.hosts("HTTP_ALLOWED_HOSTS")
        httpWorkerDomain = reader.given("HTTP_WORKER_DOMAIN")
        if let domain = httpWorkerDomain, !ConsoleNames.isDomain(domain) {
            reader.problems.append("HTTP_WORKER_DOMAIN must be a domain, such as workers.finance.svc, without a port.")
        }
        // The other workers send it in their Host header.
        if let domain = httpWorkerDomain { httpAllowedHosts.append("*.\(domain)") }
        httpGrafanaURL = reader.webAddress("HTTP_GRAFANA_URL")
        httpAdminToken = reader.given("HTTP_ADMIN_TOKEN")
        if let token = httpAdminToken, token.utf8.count < 16 {
            reader.problems.append("HTTP_ADMIN_TOKEN must have at least 16 characters, so that it cannot be guessed.")
        }
        // The other workers find the console by it. An id that the operator has set remains unchanged.
        if log.kafka.properties["client.id"] == log.workerID {
            log.kafka.properties["client.id"] = ConsoleNames.clientID(log.workerID, port: httpPort)
        }
        tracing = TracingConfiguration(&reader)
        accounts = AccountConfiguration.all(&reader)
        core.accounts = accounts.map(\.name)
        core.requestsPerSecond = accounts.map(\.requestsPerSecond)
        core.accountsRequiringFilter = Set(accounts.filter(\.requiresFilter).map(\.name))
        if core.pollMinInterval > core.pollMaxInterval {
            reader.problems.append("WORKER_POLL_MIN_INTERVAL must not be longer than WORKER_POLL_MAX_INTERVAL.")
        }
        reader.addUnknownVariables()
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
    }

    /// The settings of every command that uses Kafka.
    static func log(_ reader: inout SettingReader) throws -> KafkaLogConfiguration {
        var topics = KafkaTopicNames()
        topics.jobs = reader.text("KAFKA_TOPICS_JOBS")
        topics.results = reader.text("KAFKA_TOPICS_RESULTS")
        topics.state = reader.text("KAFKA_TOPICS_STATE")
        topics.deadLetter = reader.text("KAFKA_TOPICS_DEAD_LETTER")
        if Set(topics.all).count != 4 {
            reader.problems.append("KAFKA_TOPICS_…: the four topics must have different names.")
        }
        let delivery = DeliveryMode(rawValue: reader.text("WORKER_DELIVERY"))
        if delivery == nil { reader.problems.append("WORKER_DELIVERY must be exactly-once or at-least-once.") }
        let bootstrap = reader.required("KAFKA_BOOTSTRAP_SERVERS", "the broker list, for example localhost:9092")
        let stableID = reader.optional("WORKER_ID")
        let workerID = stableID ?? defaultWorkerID()
        // Brokers, their quotas and 'status' identify an instance by it.
        let properties = reader.clientProperties().merging(["client.id": workerID]) { own, _ in own }
        var kafka = KafkaConfiguration(bootstrapServers: bootstrap, properties: properties)
        if let username = properties[KafkaSecrets.username], let password = properties[KafkaSecrets.password] {
            kafka.credentials = KafkaCredentials(username: username, password: password)
        }
        if !bootstrap.isEmpty {
            do {
                try kafka.validate()
            } catch {
                reader.problems.append("KAFKA_CLIENT_…: \(error)")
            }
        }
        var log = KafkaLogConfiguration(
            kafka: kafka,
            groupID: reader.text("KAFKA_GROUP_ID"),
            workerID: workerID,
            topics: topics,
            delivery: delivery ?? .exactlyOnce
        )
        log.isWorkerIDStable = stableID != nil
        log.groupProtocol = groupProtocol(&reader)
        return log
    }

    private static func groupProtocol(_ reader: inout SettingReader) -> KafkaGroupProtocol {
        guard let found = KafkaGroupProtocol(rawValue: reader.text("KAFKA_GROUP_PROTOCOL")) else {
            reader.problems.append("KAFKA_GROUP_PROTOCOL must be classic or consumer.")
            return .classic
        }
        return found
    }

    private static func core(_ reader: inout SettingReader) -> CoreConfiguration {
        var core = CoreConfiguration()
        core.commitInterval = reader.duration("WORKER_COMMIT_INTERVAL")
        core.maxPending = reader.integer("WORKER_MAX_PENDING", in: 1...10_000_000)
        core.maxConcurrentRequests = reader.integer("WORKER_MAX_CONCURRENT_REQUESTS", in: 1...10_000)
        core.maxConcurrentDownloads = reader.integer("WORKER_MAX_CONCURRENT_DOWNLOADS", in: 1...1_000)
        core.pollMinInterval = reader.duration("WORKER_POLL_MIN_INTERVAL")
        core.pollMaxInterval = reader.duration("WORKER_POLL_MAX_INTERVAL")
        core.jobTimeout = reader.duration("WORKER_JOB_TIMEOUT")
        core.deduplicationWindow = reader.duration("WORKER_DEDUPLICATION_WINDOW")
        core.deletesAfterDownload = reader.boolean("PAYOUT_API_DELETE_AFTER_DOWNLOAD")
        return core
    }

    private static func defaultWorkerID() -> String {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "worker"
        return "\(host)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }
}
