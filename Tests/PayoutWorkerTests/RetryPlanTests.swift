import ExportCore
import Testing

@testable import payout_worker

@Suite struct RetryPlanTests {
    private let now = Instant(milliseconds: 1_795_305_600_000)

    private func record(_ code: JobErrorCode?, _ change: (inout JobRecord) -> Void = { _ in }) -> JobRecord {
        var record = JobRecord(
            job: ExportJob(id: "march", kind: .payments),
            offset: 4,
            phase: .finished,
            requestID: "r-1",
            times: JobTimes(accepted: now),
            status: code == nil ? .cancelled : .failed,
            error: code.map { JobError(code: $0, message: "why") }
        )
        change(&record)
        return record
    }

    @Test(
        arguments: [
            ("march", "march.retry-1"), ("march.retry-1", "march.retry-2"), ("a.retry-9", "a.retry-10"),
            ("a.retry-x", "a.retry-x.retry-1"), ("a.retry--2", "a.retry--2.retry-1"),
            ("a.retry-9223372036854775807", "a.retry-9223372036854775807.retry-1"),
            (String(repeating: "a", count: 121), nil),
        ] as [(String, String?)]
    )
    func nextIDFollowsFromTheFirst(id: String, next: String?) {
        #expect(RetryPlan.id(after: id) == next)
    }

    @Test func exportIsAdoptedOnlyWhereItExists() throws {
        for code in JobErrorCode.allCases {
            let plan = try RetryPlan(record(code), at: now)
            let expected = code == .downloadFailed || code == .deadlineExceeded
            #expect(plan.job.adoptedRequestID == (expected ? "r-1" : nil), "\(code)")
        }
        #expect(try RetryPlan(record(nil), at: now).job.adoptedRequestID == nil)
        #expect(try RetryPlan(record(.downloadFailed) { $0.requestID = nil }, at: now).job.adoptedRequestID == nil)
    }

    @Test func newJobHasTheFirstOnesContentWithoutBatchAndPastTimes() throws {
        let plan = try RetryPlan(
            record(.exportFailed) {
                $0.job.filter = "paymentAmount gt 5"
                $0.job.batch = JobBatch(id: "fy26", size: 12)
                $0.job.notBefore = now
                $0.job.deadline = now
                $0.job.metadataJSON = #"{"a":"b"}"#
            },
            at: now
        )
        var expected = ExportJob(id: "march.retry-1", kind: .payments, filter: "paymentAmount gt 5")
        expected.metadataJSON = #"{"a":"b"}"#
        expected.retryOf = "march"
        #expect(plan.job == expected)
    }

    @Test func jobThatOnlyAdoptsAnExportNeverQueuesOne() throws {
        for code in [nil, .exportNotFound, .exportFailed] as [JobErrorCode?] {
            let plain = try RetryPlan(record(code) { $0.job.adoptedRequestID = "r-0" }, at: now)
            #expect(plain.job.adoptedRequestID == "r-0")
            let filtered = try RetryPlan(
                record(code) {
                    $0.job.adoptedRequestID = "r-0"
                    $0.job.filter = "paymentAmount gt 5"
                },
                at: now
            )
            #expect(filtered.job.adoptedRequestID == nil)
        }
    }

    @Test func refusalsNameTheirReason() {
        #expect(throws: RetryRefusal.state("waiting")) {
            try RetryPlan(record(nil) { ($0.phase, $0.status) = (.waiting, nil) }, at: now)
        }
        #expect(throws: RetryRefusal.state("completed")) {
            try RetryPlan(record(nil) { $0.status = .completed }, at: now)
        }
        #expect(throws: RetryRefusal.longID) {
            try RetryPlan(record(nil) { $0.job.id = String(repeating: "a", count: 121) }, at: now)
        }
        #expect(
            "\(RetryRefusal(record(.apiRejected) { $0.job.id = "march.retry-1" }))"
                == "'march.retry-1' repeats it already and is failed; retry 'march.retry-1' instead"
        )
    }
}
