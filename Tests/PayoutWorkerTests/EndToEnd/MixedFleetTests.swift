import EmbeddedKafka
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import PayoutSandbox
import Testing
import WorkerKafka
import WorkerRuntime

@testable import payout_worker

extension WorkersEndToEnd {
    /// A worker reads records that a worker of a later version has written.
    @Suite struct MixedFleetTests {
        /// A record of a known key, and one of a key that only the later version knows.
        @Test(arguments: ["waiting", "@schedule/daily"])
        func recordOfLaterVersionStopsItsPartitionOnly(key: String) async throws {
            try await WorkerFixture.with(partitions: 2) { fixture in
                try await fixture.load(.load("v1"))
                let later = "\(StateCodec.version + 1)"
                // Field 1 of a state record is its version.
                let record = OutgoingRecord(key: Array(key.utf8), value: [8, UInt8(StateCodec.version + 1)])
                try await fixture.write(record, toPartition: 0, of: fixture.topics.state)
                let before = try await fixture.records(fixture.topics.state).count { $0.partition == 0 }
                let worker = try await RunningWorker(fixture.environment.merging(WorkerFixture.lasting) { $1 })

                let reason = try await worker.reports("partitionStopped", "has version \(later)")
                #expect(reason.message.contains("up to \(StateCodec.version)"))
                #expect(reason.message.contains(key))
                #expect(reason.message.contains("Run the version of the worker that wrote it, or a later one."))
                #expect(!reason.message.contains("nothing but the worker"))
                #expect(reason.remedy.contains("Do what the reason says"))

                // The other partition continues.
                let job = #"{"jobId":"other","kind":"payments"}"#
                try await fixture.write(partition: 1, of: fixture.topics.jobs, key: "other", values: [job])
                try await fixture.completes("other")
                try await worker.stop()
                let records = try await fixture.records(fixture.topics.state).filter { $0.partition == 0 }
                #expect(records.count == before, "nothing is written to a state that the worker cannot read")
                #expect(try await fixture.records(fixture.topics.results).compactMap(\.key) == ["other"])
                #expect(try await fixture.records(fixture.topics.deadLetter).isEmpty)
            }
        }
    }
}

extension WorkerFixture {
    fileprivate func write(_ record: OutgoingRecord, toPartition partition: Int32, of topic: String) async throws {
        try await access.withProducer { producer in
            try await producer.produce(
                KafkaProducerRecord(topic: topic, partition: partition, key: record.key, value: record.value)
            )
            _ = try await producer.flush()
        }
    }
}
