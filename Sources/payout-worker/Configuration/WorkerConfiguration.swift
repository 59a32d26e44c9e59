import ExportCore
import Foundation
import KafkaClient
import Logging
import PayoutAPI
import WorkerKafka

/// The whole configuration of a worker, checked.
struct WorkerConfiguration: Sendable {
    var log: KafkaLogConfiguration
    var core: CoreConfiguration
    var accounts: [AccountConfiguration]
    var files: FilesConfiguration
    /// Files that are transferred at the same time.
    var downloads: Int
    var shutdownTimeout: Duration
    var stallTimeout: Duration
    var httpHost: String
    var httpPort: Int
    /// `nil` where no traces are wanted.
    var tracing: TracingConfiguration?

    /// Reads and checks everything, and tells every problem at once.
    init(_ settings: Settings) throws {
        var reader = SettingReader(settings)
        log = try Self.log(&reader)
        core = Self.core(&reader)
        downloads = core.maxConcurrentDownloads
        // More are begun than are transferred at a time: they take turns, so that huge files do not hold up small ones.
        core.maxConcurrentDownloads = downloads * 4
        files = FilesConfiguration(&reader)
        core.storesFiles = !files.location.isEmpty
        core.commitsAreAtomic = log.delivery == .exactlyOnce
        shutdownTimeout = reader.duration("WORKER_SHUTDOWN_TIMEOUT")
        stallTimeout = reader.duration("WORKER_STALL_TIMEOUT")
        httpHost = reader.text("HTTP_HOST")
        httpPort = reader.integer("HTTP_PORT", in: 0...65_535)
        tracing = TracingConfiguration(&reader)
        accounts = AccountConfiguration.all(&reader)
        core.accounts = accounts.map(\.name)
        core.requestsPerSecond = accounts.map(\.requestsPerSecond)
        if core.pollMinInterval > core.pollMaxInterval {
            reader.problems.append("WORKER_POLL_MIN_INTERVAL must not be longer than WORKER_POLL_MAX_INTERVAL.")
        }
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
    }

    /// What every command that talks to Kafka needs.
    static func log(_ reader: inout SettingReader) throws -> KafkaLogConfiguration {
        var topics = KafkaTopicNames()
        topics.jobs = reader.text("KAFKA_TOPICS_JOBS")
        topics.results = reader.text("KAFKA_TOPICS_RESULTS")
        topics.state = reader.text("KAFKA_TOPICS_STATE")
        topics.deadLetter = reader.text("KAFKA_TOPICS_DEAD_LETTER")
        if Set(topics.all).count != 4 {
            reader.problems.append("KAFKA_TOPICS_…: the four topics must have four names.")
        }
        let delivery = DeliveryMode(rawValue: reader.text("WORKER_DELIVERY"))
        if delivery == nil { reader.problems.append("WORKER_DELIVERY must be exactly-once or at-least-once.") }
        let bootstrap = reader.required("KAFKA_BOOTSTRAP_SERVERS", "the broker list, for example localhost:9092")
        let stableID = reader.optional("WORKER_ID")
        let workerID = stableID ?? defaultWorkerID()
        // Brokers, their quotas and 'status' know an instance by it.
        let properties = reader.clientProperties().merging(["client.id": workerID]) { own, _ in own }
        let kafka = KafkaConfiguration(bootstrapServers: bootstrap, properties: properties)
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
        return log
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

/// Reads values one by one and gathers what is wrong with them.
struct SettingReader {
    let settings: Settings
    var problems: [String] = []

    init(_ settings: Settings) { self.settings = settings }

    mutating func value(_ name: String, account: String? = nil) -> SettingValue? {
        do {
            return try settings.value(name, account: account)
        } catch {
            problems.append("\(error)")
            return nil
        }
    }

    mutating func optional(_ name: String, account: String? = nil) -> String? {
        value(name, account: account)?.text
    }

    /// A value that says something: an empty one counts as none.
    mutating func given(_ name: String) -> String? { optional(name).flatMap { $0.isEmpty ? nil : $0 } }

    mutating func text(_ name: String, account: String? = nil) -> String { optional(name, account: account) ?? "" }

    mutating func required(_ name: String, _ meaning: String, account: String? = nil) -> String {
        let text = text(name, account: account)
        if text.isEmpty {
            let whose = account.map { " for the account '\($0)'" } ?? ""
            problems.append("\(name) is not set\(whose): \(meaning).")
        }
        return text
    }

    mutating func duration(_ name: String) -> Duration {
        if let duration = ValueParsing.duration(text(name)) { return duration }
        problems.append("\(name) must be a duration such as 500ms, 30s, 5m or 26h.")
        return .zero
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
        if let number = Int(text(name)), range.contains(number) { return number }
        problems.append("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        return range.lowerBound
    }

    mutating func boolean(_ name: String) -> Bool {
        if let value = ValueParsing.boolean(text(name)) { return value }
        problems.append("\(name) must be true or false.")
        return false
    }

    mutating func clientProperties() -> [String: String] {
        do {
            return try settings.clientProperties().mapValues(\.text)
        } catch {
            problems.append("\(error)")
            return [:]
        }
    }
}
