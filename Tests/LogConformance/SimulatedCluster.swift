import Dispatch
import ExportCore
import WorkerKafka
import WorkerRuntime

@testable import SimulationHarness

/// The simulation's log, group and ports, on a clock that goes with the real one. Everything happens on one queue.
///
/// Sound to share: what is mutable is touched on the queue only.
final class SimulatedCluster: LogCluster, PortEnvironment, @unchecked Sendable {
    let queue = DispatchQueue(label: "simulated-log")
    let log = VirtualLog(partitions: partitionCount)
    let group = VirtualGroup(partitions: partitionCount)
    let portSettings = PortSettings(
        partitions: partitionCount,
        transactionTimeout: 10_000,
        continuityInterval: 300
    )
    var random = SeededRandom(seed: 1, stream: 1)
    private let start = ContinuousClock.now
    private var results: [LogReading] = []
    private var numbers: [String: Int] = [:]
    private var lastHost = 0

    init() {
        log.onCommit = { [unowned self] transaction in
            for case .event(_, let event) in transaction.records {
                results.append(StoredText.reading(of: event, offset: Int64(results.count)))
            }
        }
        group.schedule = { [unowned self] body in at(now + 100, body) }
    }

    func on<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }

    // MARK: LogCluster

    func makeLog(_ workerID: String, delivery: DeliveryMode) -> any LogPort {
        SimulatedLog(self, workerID: workerID, delivery: delivery == .exactlyOnce ? .exactlyOnce : .atLeastOnce)
    }

    func enqueue(_ records: [(partition: Int32, key: String, value: String)]) async throws {
        await on { [self] in
            for record in records {
                let original = OriginalRecord(
                    key: Array(record.key.utf8),
                    value: Array(record.value.utf8),
                    headers: [OriginalRecord.Header(name: "traceparent", value: Array("00-abc".utf8))]
                )
                let content = JobInput.Content.unreadable(jobID: nil, reason: "", details: [], trace: nil)
                _ = log.append(content, original, partition: Int(record.partition), gap: 0, at: now)
            }
            for host in hosts.values { for partition in 0..<partitionCount { host.port?.fetch(partition) } }
        }
    }

    func read(_ topic: LogTopic) async throws -> [LogReading] {
        await on { [self] in
            switch topic {
            case .results: return results
            case .deadLetter: return []
            case .state:
                return (0..<partitionCount).flatMap { partition in
                    log.readState(partition, from: 0, limit: .max).records.enumerated().map { index, record in
                        StoredText.reading(of: record, partition: Int32(partition), offset: Int64(index))
                    }
                }
            }
        }
    }

    func openTransaction(_ outputs: [LogOutput]) async throws -> any OpenTransaction {
        await on { [self] in
            let producer = number(of: "other")
            let epoch = log.initialise(producer: producer)
            let transaction = log.begin(producer: producer, epoch: epoch, worker: 0)
            if let transaction {
                log.append(outputs.compactMap { StoredText.record(of: $0) }, to: transaction, at: now)
            }
            return SimulatedTransaction(cluster: self, transaction: transaction)
        }
    }

    func recreateJobs() async throws {
        await on { [self] in for partition in 0..<partitionCount { log.recreateJobs(partition) } }
    }

    func close() async throws { await on { [self] in hosts = [:] } }

    // MARK: Ports

    private(set) var hosts: [Int: SimulatedLog] = [:]

    /// A number for a host that has begun.
    func register(_ host: SimulatedLog) -> Int {
        lastHost += 1
        hosts[lastHost] = host
        return lastHost
    }

    func unregister(_ id: Int) { hosts[id] = nil }

    /// The same name is the same producer.
    func number(of name: String) -> Int {
        if let known = numbers[name] { return known }
        numbers[name] = numbers.count + 1
        return numbers.count
    }

    // MARK: PortEnvironment

    var now: Int64 { ContinuousClock.now.wholeMilliseconds(since: start) }

    func at(_ time: Int64, _ body: @escaping () -> Void) {
        // Ordered by the queue, and never run anywhere else.
        nonisolated(unsafe) let body = body
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(max(0, time - now)))) { body() }
    }

    func trace(_ line: () -> String) {}
    func fail(_ reason: String) { preconditionFailure(reason) }
    func count(_ what: String) {}
    func happens(_ fault: Faults, _ probability: Double) -> Bool { false }
    func restoring(_ partition: Int, host: any PortHost, from end: Int64) {}
}

/// Sound to share: touched on the cluster's queue only.
private final class SimulatedTransaction: OpenTransaction, @unchecked Sendable {
    private let cluster: SimulatedCluster
    private let transaction: VirtualLog.Transaction?

    init(cluster: SimulatedCluster, transaction: VirtualLog.Transaction?) {
        self.cluster = cluster
        self.transaction = transaction
    }

    func end(committing: Bool) async throws {
        await cluster.on { [self] in
            if let transaction { cluster.log.end(transaction, committing ? .committed : .aborted) }
        }
    }
}

extension ContinuousClock.Instant {
    fileprivate func wholeMilliseconds(since start: Self) -> Int64 {
        let elapsed = (self - start).components
        return elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000
    }
}
