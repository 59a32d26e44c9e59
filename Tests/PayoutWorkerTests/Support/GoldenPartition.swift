import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import PayoutSandbox
import WorkerKafka
import WorkerRuntime

@testable import payout_worker

/// A partition as a worker of an earlier build left it, and how its jobs continue: a file of schemas/golden/partitions.
struct GoldenPartition: Codable {
    /// A record of the jobs partition.
    struct Job: Codable {
        var key: String
        var value: String
        var timestamp: Int64
    }

    /// A record of the state partition; the value is coded in base 64, and `nil` for a tombstone.
    struct State: Codable {
        var key: String
        var value: Data?
        var timestamp: Int64
    }

    /// An export that the service has.
    struct Export: Codable {
        var requestID: String
        var idempotencyID: String?
        var kind: String
        var fileFormat: String
        var filter: String
    }

    /// By offset. The last ones may not be in the state yet.
    var jobs: [Job]
    /// By offset.
    var state: [State]
    var exports: [Export]
    /// The types of the events that are still to come, by their keys: those of jobs and of batches.
    var due: [String: String]
    /// Jobs of `due` that wait until they are cancelled.
    var cancelled: [String]
    /// The types of the events of finished jobs.
    var finished: [String: String]
    /// How many exports of `due` are not at the service yet.
    var creates: Int

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("schemas/golden/partitions")

    /// The files' names.
    static var names: [String] {
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (files ?? []).map { $0.deletingPathExtension().lastPathComponent }.sorted()
    }

    private static func file(_ name: String) -> URL { folder.appendingPathComponent(name + ".json") }

    static func load(_ name: String) throws -> GoldenPartition {
        try JSONDecoder().decode(GoldenPartition.self, from: Data(contentsOf: file(name)))
    }

    func save(as name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: Self.file(name))
    }

    /// The newest records of the jobs in the state.
    func records() throws -> [String: JobRecord] {
        var records: [String: JobRecord] = [:]
        for record in state {
            switch try StateCodec().decode(key: Array(record.key.utf8), value: record.value.map { Array($0) }) {
            case .job(let job): records[job.job.id] = job
            case .forgotten(let id): records[id] = nil
            case .batch, .batchForgotten, .pauses, .position, .origin: break
            }
        }
        return records
    }

    /// The offset of the record that began a job.
    func offset(of id: String) throws -> Int64? { try records()[id]?.offset }

    /// The state after compaction: the newest record of each key.
    func compacted() -> GoldenPartition {
        let newest = Dictionary(state.enumerated().map { ($1.key, $0) }, uniquingKeysWith: max)
        var partition = self
        partition.state = state.enumerated().filter { newest[$1.key] == $0 }.map(\.element)
        return partition
    }
}

extension WorkerFixture {
    /// Settings under which a recorded job stays as it is, however long ago it was recorded.
    static let lasting = ["WORKER_JOB_TIMEOUT": "876000h", "WORKER_DEDUPLICATION_WINDOW": "876000h"]

    /// Writes a partition to the only partition of the topics, and gives the service its exports.
    func load(_ partition: GoldenPartition) async throws {
        for export in partition.exports {
            sandbox.add(
                PayoutSandbox.KnownExport(
                    requestID: export.requestID,
                    kind: export.kind == "payments" ? .payments : .transactionHistory,
                    fileFormat: export.fileFormat,
                    filter: export.filter,
                    idempotencyID: export.idempotencyID
                )
            )
        }
        let jobs = partition.jobs.map { record(topics.jobs, $0.key, Data($0.value.utf8), $0.timestamp) }
        let state = partition.state.map { record(topics.state, $0.key, $0.value, $0.timestamp) }
        try await access.withProducer { producer in
            for record in jobs + state { try await producer.produce(record) }
            _ = try await producer.flush()
        }
    }

    private func record(_ topic: String, _ key: String, _ value: Data?, _ timestamp: Int64) -> KafkaProducerRecord {
        KafkaProducerRecord(
            topic: topic,
            partition: 0,
            key: Array(key.utf8),
            value: value.map { Array($0) },
            timestamp: timestamp
        )
    }
}
