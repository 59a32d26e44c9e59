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
    /// A worker adopts partitions that workers of earlier builds have written.
    @Suite struct AdoptionTests {
        @Test func partitionsOfEveryRecordVersionAreThere() throws {
            #expect(Set(GoldenPartition.names).isSuperset(of: ["v1", "v2"]))
            for name in GoldenPartition.names {
                let partition = try GoldenPartition.load(name)
                let phases = Set(try partition.records().values.map(\.phase))
                #expect(phases == Set(JobPhase.allCases), "\(name)")
                #expect(Set(partition.state.map(\.key)).isSuperset(of: ["@origin", "@position"]), "\(name)")
            }
        }

        @Test(arguments: GoldenPartition.names)
        func adoptedJobsEndExactlyOnce(name: String) async throws {
            try await Self.adopt(GoldenPartition.load(name))
        }

        @Test func adoptedJobsEndExactlyOnceAfterCompaction() async throws {
            try await Self.adopt(GoldenPartition.load("v2").compacted())
        }

        private static func adopt(_ partition: GoldenPartition) async throws {
            try await WorkerFixture.with(partitions: 1) { fixture in
                try await fixture.load(partition)
                let environment = fixture.environment.merging(WorkerFixture.lasting) { $1 }
                let worker = try await RunningWorker(environment)
                try await worker.becomesReady()
                let adoption = Adoption(partition: partition, fixture: fixture, worker: worker)
                try await adoption.jobsContinue()
                try await adoption.finishedJobsAreDuplicates()
                try await adoption.cleanupContinues()
                try await worker.stop()
                try await adoption.everyEventWasPublishedOnce()
                adoption.noExportWasSubmittedAgain()
            }
        }
    }
}

/// What a worker does with an adopted partition.
private struct Adoption {
    let partition: GoldenPartition
    let fixture: WorkerFixture
    let worker: RunningWorker

    private func publishes(_ expected: [String: String]) async throws {
        var missing: [String: String] = [:]
        try await eventually("events of \(missing); the log: \(worker.command.errors.suffix(6_000))") {
            let events = try await fixture.records(fixture.topics.results)
            let types = Dictionary(events.map { ($0.key ?? "", $0.header("ce_type")) }) { $1 }
            missing = expected.filter { types[$0.key] != $0.value }
            return missing.isEmpty
        }
    }

    func jobsContinue() async throws {
        try await publishes(partition.due.filter { !partition.cancelled.contains($0.key) })
        for id in partition.cancelled {
            #expect(try await fixture.records(fixture.topics.results).allSatisfy { $0.key != id }, "\(id) waits")
            let command = #"{"jobId":"\#(id)","action":"cancel"}"#
            try await fixture.write(partition: 0, of: fixture.topics.jobs, key: id, values: [command])
        }
        try await publishes(partition.due)
    }

    /// The same documents again publish the events of the first ones again.
    func finishedJobsAreDuplicates() async throws {
        for id in partition.finished.keys.sorted() {
            let offset = try #require(try partition.offset(of: id))
            let job = partition.jobs[Int(offset)]
            try await fixture.write(partition: 0, of: fixture.topics.jobs, key: job.key, values: [job.value])
        }
        try await publishes(partition.finished)
    }

    /// Exports that a finished job has left at the service are deleted.
    func cleanupContinues() async throws {
        let left = try partition.records().values.filter { $0.cleanup == .delete }.compactMap(\.requestID)
        try await eventually("\(left) are deleted") {
            left.allSatisfy { fixture.sandbox.export(requestID: $0)?.state == .deleted }
        }
    }

    func everyEventWasPublishedOnce() async throws {
        let records = try partition.records()
        let events = try await fixture.records(fixture.topics.results)
        let expected = partition.due.merging(partition.finished) { $1 }
        #expect(events.compactMap(\.key).sorted() == expected.keys.sorted())
        for event in events {
            let id = try #require(event.key)
            #expect(event.header("ce_type") == expected[id], "\(id)")
            guard let record = records[id] else { continue }
            let status = expected[id]?.split(separator: ".").last ?? ""
            #expect(event.header("ce_id") == "\(id)/0-\(record.offset)/\(status)")
            let value = try JSONSerialization.jsonObject(with: Data((event.value ?? "").utf8)) as? [String: Any]
            if let requestID = record.requestID { #expect(value?["requestId"] as? String == requestID, "\(id)") }
        }
    }

    func noExportWasSubmittedAgain() {
        #expect(fixture.sandbox.stats.exportsCreated == partition.creates)
        #expect(fixture.sandbox.stats.duplicateExports == 0)
        #expect(fixture.sandbox.stats.idempotencyConflicts == 0)
    }
}
