import WorkerKafka
import WorkerRuntime

/// What a log implements. A test runs on the logs that have the capabilities it needs.
struct LogCapabilities: OptionSet, Sendable {
    let rawValue: Int

    /// Records of aborted transactions stay hidden to readers of committed ones.
    static let hidesAborted = LogCapabilities(rawValue: 1)
    /// Positions that a transaction carries are stored with it.
    static let storesTransactionalPositions = LogCapabilities(rawValue: 2)
    /// A transaction with an old generation is refused.
    static let checksGeneration = LogCapabilities(rawValue: 4)
    /// A second producer with the same transactional id fences the first.
    static let fencesProducers = LogCapabilities(rawValue: 8)

    /// Topics can be deleted.
    static let deletesTopics = LogCapabilities(rawValue: 16)

    static let all: LogCapabilities = [
        .hidesAborted, .storesTransactionalPositions, .checksGeneration, .fencesProducers, .deletesTopics,
    ]
}

/// A cluster that the suite runs on: topics of its own, and ports on them.
protocol LogCluster: Sendable {
    /// Makes a port for a worker.
    func makeLog(_ workerID: String, delivery: DeliveryMode) -> any LogPort
    /// Enqueues job records, each into the partition given.
    func enqueue(_ records: [(partition: Int32, key: String, value: String)]) async throws
    /// Every record of a topic that a reader of committed records sees.
    func read(_ topic: LogTopic) async throws -> [LogReading]
    /// Writes in a transaction of another producer, which stays open.
    func openTransaction(_ outputs: [LogOutput]) async throws -> any OpenTransaction
    /// Deletes the jobs topic and creates it again.
    func recreateJobs() async throws
    /// Closes the ports and clients.
    func close() async throws
}

/// A transaction whose records are written and whose end the test chooses.
protocol OpenTransaction: Sendable {
    func end(committing: Bool) async throws
}

/// The partitions of each topic of a cluster.
let partitionCount = 3

/// A record as a test reads it back.
struct LogReading: Sendable, Hashable {
    var partition: Int32
    var offset: Int64
    var key: String?
    var value: String?
    var headers: [String: String]
}
