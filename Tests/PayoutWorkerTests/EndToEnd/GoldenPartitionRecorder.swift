import EmbeddedKafka
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import PayoutSandbox
import Testing
import TestSupport
import WorkerKafka
import WorkerRuntime

@testable import payout_worker

extension WorkersEndToEnd {
    /// Records a partition for `AdoptionTests`. After the records have a new version, with the build that is to be released:
    ///
    ///     RECORD_PARTITION=v3 swift test --filter GoldenPartitionRecorderTests
    ///
    /// Files that exist stay as they are: they are what workers have written.
    @Suite struct GoldenPartitionRecorderTests {
        static let name = ProcessInfo.processInfo.environment["RECORD_PARTITION"]

        @Test(.enabled(if: name != nil, "only to record a partition")) func partitionIsRecorded() async throws {
            let name = try #require(Self.name)
            #expect(!GoldenPartition.names.contains(name))
            try await WorkerFixture.with(partitions: 1) { fixture in
                let files = "/tmp/payout-exports"
                defer { try? FileManager.default.removeItem(atPath: files) }
                // Expired by the time of the adoption, as the sandbox is gone by then.
                fixture.sandbox.updateBlobs { $0.urlLifetime = .seconds(30) }
                var environment = fixture.environment.merging(WorkerFixture.lasting) { $1 }
                environment["FILES_LOCATION"] = "file://" + files
                let worker = try await RunningWorker(environment)
                try await worker.becomesReady()
                var recorder = GoldenPartitionRecorder(fixture: fixture, files: files, hasBatches: name != "v1")
                try await recorder.record()
                worker.command.signal(SIGKILL)
                _ = try await worker.command.end()
                try await recorder.addUnread()
                try await recorder.partition().save(as: name)
            }
        }
    }
}

/// Leads jobs into every state and keeps them there.
private struct GoldenPartitionRecorder {
    let fixture: WorkerFixture
    let files: String
    let hasBatches: Bool
    private let adopted = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
    private var due: [String: String] = [:]
    private var cancelled: [String] = []
    private var creates = 0

    init(fixture: WorkerFixture, files: String, hasBatches: Bool) {
        (self.fixture, self.files, self.hasBatches) = (fixture, files, hasBatches)
    }

    private var sandbox: PayoutSandbox { fixture.sandbox }

    // MARK: The states

    mutating func record() async throws {
        try await accepted()
        try await finished()
        sandbox.updateExports { $0.processing = .fixed(.seconds(3_600)) }
        try await waiting()
        sandbox.updateExports { $0.processing = .fixed(.zero) }
        if hasBatches { try await closedBatch() }
        sandbox.add(.init(.status(503), on: [.blob]))
        try await enqueue("ready", due: "completed")
        try await reaches("ready", .ready)
        try await submitting()
    }

    private mutating func accepted() async throws {
        try await enqueue("accepted", #","notBefore":"\#(time(120))""#, due: "completed", creates: 1)
        try await enqueue("accepted-later", #","notBefore":"2199-01-01T00:00:00Z""#, due: "cancelled")
        cancelled.append("accepted-later")
    }

    private mutating func finished() async throws {
        try await write("unreadable", "no JSON")
        try await write("unknown", #"{"jobId":"unknown","action":"cancel"}"#)
        try await enqueue("completed")
        try await enqueue("completed-tsv", #","fileFormat":"tsv","metadata":{"requestedBy":"Zoë"}"#)
        try await enqueue("failed", #","filter":"programName eq 'sandbox-fail'","maxAttempts":1"#)
        try await enqueue("cancelled", #","notBefore":"2199-01-01T00:00:00Z""#)
        try await cancel("cancelled")
        if hasBatches {
            try await enqueue("ended-1", batch: ("ended", 2))
            try await enqueue("ended-2", batch: ("ended", 2))
            try await enqueue("open-1", batch: ("open", 3))
        }
        for id in ["completed", "completed-tsv", "failed", "cancelled"] { try await reaches(id, .finished) }
        guard hasBatches else { return }
        for id in ["ended-1", "ended-2", "open-1"] { try await reaches(id, .finished) }
        try await batch("ended") { $0.published != nil }
    }

    /// No export ends meanwhile.
    private mutating func waiting() async throws {
        // The only one that is polled, so it is the one that fails.
        sandbox.add(.init(.statusText("Failed"), on: [.get], count: 1))
        try await enqueue("waiting-again", due: "completed")
        try await reaches("waiting-again", .waiting, attempt: 2)
        sandbox.add(PayoutSandbox.KnownExport(requestID: adopted, kind: .payments))
        try await enqueue("waiting", due: "completed")
        try await enqueue("waiting-adopted", #","requestId":"\#(adopted)""#, due: "completed")
        try await enqueue("waiting-late", #","deadline":"\#(time(120))""#, due: "failed")
        try await enqueue("cancelled-undeleted")
        for id in ["waiting", "waiting-late", "cancelled-undeleted"] { try await reaches(id, .waiting) }
        try await reaches("waiting-adopted", .waiting, attempt: 0)
        try await cancel("cancelled-undeleted")
        try await reaches("cancelled-undeleted", .finished)
        guard hasBatches else { return }
        try await enqueue("open-2", batch: ("open", 3), due: "completed")
        due["open"] = "batch.completed"
        try await reaches("open-2", .waiting)
    }

    /// The store refuses the manifest, so the batch's event is still to come.
    private mutating func closedBatch() async throws {
        try FileManager.default.removeItem(atPath: files + "/_batch")
        try Data().write(to: URL(fileURLWithPath: files + "/_batch"))
        try await enqueue("closed-1", batch: ("closed", 1))
        due["closed"] = "batch.completed"
        try await batch("closed") { $0.published == nil }
    }

    private mutating func submitting() async throws {
        sandbox.faults = [.init(.status(503), on: [.blob]), .init(.lostAnswer, on: [.create])]
        let before = sandbox.exportCount
        try await enqueue("submitting-known", due: "completed")
        try await eventually("the service has the export") { sandbox.exportCount == before + 1 }
        sandbox.faults = [.init(.status(503), on: [.blob]), .init(.closed, on: [.create])]
        try await enqueue("submitting", due: "completed", creates: 1)
        try await reaches("submitting-known", .submitting)
        try await reaches("submitting", .submitting)
    }

    /// Jobs that no worker has read.
    mutating func addUnread() async throws {
        try await enqueue("unread", due: "completed", creates: 1)
        if hasBatches { try await enqueue("open-3", batch: ("open", 3), due: "completed", creates: 1) }
    }

    // MARK: Steps

    private func time(_ seconds: Double) -> String { Date(timeIntervalSinceNow: seconds).ISO8601Format() }

    private func write(_ key: String, _ value: String) async throws {
        try await fixture.write(partition: 0, of: fixture.topics.jobs, key: key, values: [value])
    }

    private func cancel(_ id: String) async throws { try await write(id, #"{"jobId":"\#(id)","action":"cancel"}"#) }

    /// - Parameters:
    ///   - due: how the job ends when it is adopted.
    ///   - creates: exports that are not at the service by then.
    private mutating func enqueue(
        _ id: String,
        _ more: String = "",
        batch: (id: String, size: Int)? = nil,
        due type: String? = nil,
        creates: Int = 0
    ) async throws {
        if let type { due[id] = type }
        self.creates += creates
        let member = batch.map { #","batch":{"id":"\#($0.id)","size":\#($0.size)}"# } ?? ""
        try await write(batch?.id ?? id, #"{"jobId":"\#(id)","kind":"payments"\#(more)\#(member)}"#)
    }

    private func reaches(_ id: String, _ phase: JobPhase, attempt: Int? = nil) async throws {
        try await eventually("\(id) is \(phase)") {
            let record = try await partition().records()[id]
            return record?.phase == phase && (attempt == nil || record?.attempt == attempt)
        }
    }

    private func batch(_ id: String, _ condition: (JobBatchRecord) -> Bool) async throws {
        try await eventually("batch \(id)") {
            try await partition().state.contains { record in
                let value = record.value.map { Array($0) }
                guard case .batch(let batch) = try StateCodec().decode(key: Array(record.key.utf8), value: value)
                else { return false }
                return batch.batch.id == id && condition(batch)
            }
        }
    }

    // MARK: The file

    func partition() async throws -> GoldenPartition {
        var partition = GoldenPartition(
            jobs: [],
            state: [],
            exports: [],
            due: due.mapValues { "payout.export.\($0)" },
            cancelled: cancelled,
            finished: [:],
            creates: creates
        )
        try await fixture.access.scan(fixture.topics.jobs) { record in
            let (key, value) = (String(decoding: record.key ?? [], as: UTF8.self), record.value ?? [])
            let text = String(decoding: value, as: UTF8.self)
            partition.jobs.append(GoldenPartition.Job(key: key, value: text, timestamp: record.timestamp ?? 0))
            return .continue
        }
        try await fixture.access.scan(fixture.topics.state) { record in
            let (key, value) = (String(decoding: record.key ?? [], as: UTF8.self), record.value.map { Data($0) })
            partition.state.append(GoldenPartition.State(key: key, value: value, timestamp: record.timestamp ?? 0))
            return .continue
        }
        for (id, record) in try partition.records() where record.phase == .finished {
            partition.finished[id] = record.status.map { "payout.export.\($0)" }
        }
        partition.exports = sandbox.exports.map {
            GoldenPartition.Export(
                requestID: $0.requestID,
                idempotencyID: $0.idempotencyID,
                kind: $0.kind.rawValue,
                fileFormat: $0.fileFormat,
                filter: $0.filter
            )
        }
        return partition
    }
}
