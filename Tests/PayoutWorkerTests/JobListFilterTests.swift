import ExportCore
import ExportRecords
import Testing

@testable import payout_worker

@Suite struct JobListFilterTests {
    private func row() throws -> JobRow {
        let event = CompletionEvent(
            jobID: "refused",
            status: .rejected,
            source: RecordSource(partition: 3, offset: 7),
            error: JobError(code: .invalidJob, message: "kind is missing"),
            times: JobTimes(accepted: Instant(milliseconds: 0))
        )
        let value = EventEncoder(groupID: "g", jobsTopic: "jobs").encode(event).value
        return JobRow(try EventDecoder().decode(value: value), partition: 1)
    }

    @Test func partitionOfARejectedRecordIsThatOfItsSource() throws {
        #expect(try row().partition == 3)
    }

    @Test(arguments: [
        ("finished", true), ("rejected", true), ("failed,rejected", true), ("open", false), ("completed,failed", false),
    ])
    func rejectedRecordsAreFinished(states: String, areListed: Bool) throws {
        var filter = JobListFilter()
        try filter.add(states: states)
        #expect(filter.includesRejected == areListed)
        #expect(try filter.matches(row(), at: Instant(milliseconds: 1)) == areListed)
    }
}
