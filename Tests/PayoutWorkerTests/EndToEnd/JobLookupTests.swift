import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import Testing
import WorkerKafka

@testable import payout_worker

extension CommandsEndToEnd {
    @Suite struct JobLookupTests {
        private static func job(_ id: String, _ kind: String = "payments") -> OutgoingRecord {
            let value = #"{"jobId":"\#(id)","kind":"\#(kind)"}"#
            return OutgoingRecord(key: Array(id.utf8), value: Array(value.utf8), headers: [])
        }

        private static func rejected(_ id: String, offset: Int64) -> OutgoingRecord {
            let event = CompletionEvent(
                jobID: id,
                status: .rejected,
                source: RecordSource(partition: 0, offset: offset),
                error: JobError(code: .unknownAccount, message: "no account"),
                times: JobTimes(accepted: Instant(milliseconds: 0))
            )
            return EventEncoder(groupID: "g", jobsTopic: "payout.export.jobs").encode(event)
        }

        /// Partition 0 has records of these jobs in this order; a worker has decided the first three.
        private static func write(to fixture: WorkerFixture) async throws {
            let records = [
                job("forgotten"), job("refused"), job("invalid", "x"), job("waiting"), job("refused-before"),
            ]
            try await fixture.write(records, to: fixture.topics.jobs)
            let accepted = JobRecord(
                job: ExportJob(id: "accepted", kind: .payments),
                offset: 0,
                phase: .waiting,
                times: JobTimes(accepted: Instant(milliseconds: 0))
            )
            var ended = accepted
            (ended.job.id, ended.phase, ended.status) = ("ended", .finished, .failed)
            var cancelled = ended
            (cancelled.job.id, cancelled.status) = ("cancelled", .cancelled)
            let states = [
                StateRecord.job(accepted), .job(ended), .job(cancelled), .position(JobsPosition(offset: 3)),
            ].map(StateCodec().encode)
            try await fixture.write(states, to: fixture.topics.state)
            // The second event is that of an earlier record of the id.
            let events = [rejected("refused", offset: 1), rejected("forgotten", offset: 9)]
            try await fixture.write(events, to: fixture.topics.results)
        }

        @Test func onlyRecordsThatNoWorkerHasDecidedCountAsWaiting() async throws {
            try await WorkerFixture.with(partitions: 1) { fixture in
                try await Self.write(to: fixture)
                let ids = ["forgotten", "refused", "invalid", "waiting", "refused-before", "accepted", "never"]
                let absent = try await JobLookup(access: fixture.access).absent(ids)
                #expect(Set(absent.keys) == ["forgotten", "refused", "invalid", "never"])
                #expect(absent["forgotten"] == .forgotten)
                #expect(absent["refused"] == .rejected(reason: "no account"))
                if case .rejected(let reason) = absent["invalid"] {
                    #expect(reason.contains("kind"))
                } else {
                    Issue.record("\(String(describing: absent["invalid"]))")
                }
                #expect(absent["never"] == .unknown)
            }
        }

        @Test func unreadJobOfABatchIsFoundWithoutItsBatch() async throws {
            try await WorkerFixture.with(partitions: 6) { fixture in
                let (id, batch) = ("unread-1", "fy26")
                let partitions = [id, batch].map { murmur2Partition(key: Array($0.utf8), partitionCount: 6) }
                #expect(partitions[0] != partitions[1])
                let value = #"{"jobId":"\#(id)","kind":"payments","batch":{"id":"\#(batch)","size":2}}"#
                try await fixture.write(
                    [OutgoingRecord(key: Array(batch.utf8), value: Array(value.utf8), headers: [])],
                    to: fixture.topics.jobs
                )
                #expect(try await fixture.run("jobs", "show", id).output.contains("enqueued, not accepted yet"))
                for command in [["cancel"], ["jobs", "cancel"]] {
                    let cancelled = try await fixture.run(command + [id])
                    #expect(cancelled.status == 0, "\(cancelled.errors)")
                }
                #expect(try await fixture.run("cancel", "never").errors.contains("'never' is unknown"))
                let records = try await fixture.records(fixture.topics.jobs)
                #expect(records.count == 3)
                #expect(records.allSatisfy { $0.key == batch })
            }
        }

        @Test func cancelSaysWhyThereIsNothingToCancel() async throws {
            try await WorkerFixture.with(partitions: 1) { fixture in
                try await Self.write(to: fixture)
                let cancelled = try await fixture.run("cancel", "refused", "forgotten", "waiting")
                #expect(cancelled.status == 1)
                #expect(cancelled.lines == ["waiting"])
                #expect(cancelled.errors.contains("'refused' was rejected: no account"))
                #expect(cancelled.errors.contains("'forgotten' has ended"))
                let ended = try await fixture.run("cancel", "ended", "--wait")
                #expect(ended.status == 1)
                #expect(ended.errors.contains("'ended' has finished as failed"))
                #expect(try await fixture.run("cancel", "cancelled", "--wait").status == 0)
                #expect(try await fixture.run("cancel", "ended").status == 0)
                #expect(try await fixture.records(fixture.topics.jobs).count == 6)
            }
        }
    }
}
