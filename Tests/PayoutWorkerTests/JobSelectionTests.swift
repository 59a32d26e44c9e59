import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import PayoutFilters
import Testing

@testable import payout_worker

/// The jobs of `enqueue --month`, `--from`, `--last` and `--split`.
@Suite struct JobSelectionTests {
    private func jobs(
        _ arguments: [String],
        split: FilterPeriod.Unit? = nil,
        batch: String? = nil,
        isAgain: Bool = false,
        isChecked: Bool = true,
        today: String = "2026-11-29"
    ) throws -> [JobSelection.Job] {
        let fields = try JobFields.parse(arguments)
        let selection = JobSelection(
            kind: try #require(PayoutKind(rawValue: fields.kind ?? "payments")),
            fields: fields,
            split: split,
            batch: batch,
            isAgain: isAgain,
            isChecked: isChecked,
            today: try #require(FilterDate(today))
        )
        return try selection.jobs().jobs
    }

    private let quarter = ["--from", "2026-07-01", "--to", "2026-10-01"]

    @Test func periodsBecomeFiltersOfTheDocumentedDate() throws {
        #expect(
            try jobs(["--kind", "payments", "--month", "2026-10"]).map(\.filter)
                == ["payoutStatusUpdateTS ge 2026-10-01 and payoutStatusUpdateTS lt 2026-11-01"]
        )
        #expect(
            try jobs(["--kind", "transactionHistory", "--last", "30d"]).map(\.filter)
                == ["earningForDate ge 2026-10-30 and earningForDate lt 2026-11-29"]
        )
        #expect(try jobs(["--last", "2w"]).first?.filter?.contains("ge 2026-11-15 ") == true)
        #expect(try jobs(["--from", "2026-10-01"]).map(\.filter) == ["payoutStatusUpdateTS ge 2026-10-01"])
    }

    @Test func furtherConditionsAreCombinedWithAnd() throws {
        let filter = try jobs(
            quarter + [
                "--participant", "1", "--participant", "2", "--program", "CSP Direct Bill Partner", "--filter",
                "paymentAmount>5 or payoutOrderType = ‘FEE’",
            ]
        ).first?.filter
        #expect(
            filter == """
                payoutStatusUpdateTS ge 2026-07-01 and payoutStatusUpdateTS lt 2026-10-01 and \
                (enrollmentParticipantId eq '1' or enrollmentParticipantId eq '2') and \
                programName eq 'CSP Direct Bill Partner' and (paymentAmount gt 5 or payoutOrderType eq 'FEE')
                """
        )
        #expect(
            try jobs(["--month", "2026-10", "--filter", "a(b)"], isChecked: false).first?.filter?.hasSuffix(
                " and (a(b))"
            )
                == true
        )
    }

    @Test func splitPeriodsHaveOneJobForEachPart() throws {
        let months = try jobs(quarter, split: .month)
        #expect(months.count == 3)
        #expect(months.last?.filter?.hasSuffix("ge 2026-09-01 and payoutStatusUpdateTS lt 2026-10-01") == true)
        #expect(Set(months.map(\.id)).count == 3)
        #expect(try jobs(quarter, split: .day).count == 92)
    }

    @Test func idsAreTheSameForTheSameSelectionOnly() throws {
        let ids = { (arguments: [String]) in try self.jobs(arguments, split: .month).map(\.id) }
        #expect(try ids(quarter) == ids(quarter))
        #expect(try jobs(quarter, split: .month, today: "2027-01-01").map(\.id) == ids(quarter))
        let others = [
            ["--account", "emea"], ["--format", "tsv"], ["--kind", "transactionHistory"], ["--participant", "1"],
            ["--program", "1"], ["--filter", "paymentId eq '1'"],
        ]
        let all = try ([[]] + others).flatMap { try ids(quarter + $0) }
        #expect(Set(all).count == all.count)
        #expect(try Set(ids(quarter)).isDisjoint(with: jobs(quarter, split: .month, batch: "b").map(\.id)))
        #expect(try Set(ids(quarter)).isDisjoint(with: jobs(quarter, split: .month, isAgain: true).map(\.id)))
        #expect(all.allSatisfy(JobLimits.isJobID))
        #expect(try ids(quarter).first?.hasPrefix("payments-from-2026-07-01-to-2026-08-01-") == true)
    }

    /// A daily run with `--last` must export the complete weeks in its middle again, because their figures are restated.
    @Test func idsOfSelectionsThatAreNotOverDifferEveryDay() throws {
        let selections = [
            ["--last", "30d"], ["--from", "2026-11-01"], ["--participant", "1"], ["--month", "2026-11"],
            ["--from", "2026-11-01", "--to", "2026-12-01"], ["--to", "2027-01-01"],
        ]
        for selection in selections {
            let today = try jobs(selection).map(\.id)
            #expect(try jobs(selection).map(\.id) == today)
            #expect(try Set(jobs(selection, today: "2026-11-30").map(\.id)).isDisjoint(with: today))
        }
        let weeks = try jobs(["--last", "30d"], split: .week)
        let next = try jobs(["--last", "30d"], split: .week, today: "2026-11-30")
        #expect(!Set(weeks.map(\.filter)).isDisjoint(with: next.map(\.filter)))
        #expect(Set(weeks.map(\.id)).isDisjoint(with: next.map(\.id)))
    }

    @Test func idsOfSelectionsThatAreOverRemainTheSame() throws {
        for selection in [["--month", "2026-10"], ["--from", "2026-11-01", "--to", "2026-11-29"]] {
            #expect(try jobs(selection, today: "2026-11-30").map(\.id) == jobs(selection).map(\.id))
        }
    }

    @Test func idsOfOtherJobsAreRandom() throws {
        let arguments = ["--kind", "payments", "--filter", "paymentAmount gt 5"]
        #expect(try jobs(arguments).map(\.id) != jobs(arguments).map(\.id))
        #expect(try jobs(["--month", "2026-10", "--job-id", "mine"]).map(\.id) == ["mine"])
    }

    @Test func moreJobsThanABatchHoldsAreRefusedWithTheirNumber() throws {
        let error = #expect(throws: ValidationError.self) {
            try jobs(["--from", "2016-01-01", "--to", "2026-01-01"], split: .day)
        }
        #expect(error?.message.contains("3653 jobs") == true)
        #expect(try jobs(["--last", "1000d"], split: .day).count == 1_000)
    }

    @Test(arguments: [
        ["--month", "2026-13"], ["--month", "October"], ["--from", "2026-02-30"], ["--from", "2026-10-01T00:00:00Z"],
        ["--from", "2026-10-02", "--to", "2026-10-01"], ["--from", "2026-10-01", "--to", "2026-10-01"],
        ["--last", "30"], ["--last", "0d"], ["--last", "1h"], ["--last", "999999d"],
        ["--last", "9999999999999999999w"],
        ["--month", "2026-10", "--last", "30d"], ["--month", "2026-10", "--from", "2026-10-01"],
        ["--last", "30d", "--to", "2026-10-01"], ["--from", "2026-10-01", "--split", "month"],
        ["--split", "month"], ["--month", "2026-10", "--split", "year"], ["--month", "2026-10", "--batch", "a b"],
        ["--month", "2026-10", "--again", "--job-id", "a"], ["--month", "2026-10", "--again", "--batch", "b"],
        ["--month", "2026-10", "--split", "day", "--job-id", "a"], ["--month", "2026-10", "--deadline", "6h"],
        ["--month", "2026-10", "--not-before", "6h"], ["--count", "3", "--month", "2026-10"],
        ["--file", "-", "--batch", "b"], ["--count", "3", "--split", "month"],
        ["--request-id", "r", "--month", "2026-10"], ["--request-id", "r", "--batch", "b"],
        ["--request-id", "r", "--count", "3"], ["--request-id", "r", "--last", "30d", "--split", "day"],
    ])
    func contradictionsAreWrongUsage(arguments: [String]) throws {
        let isOpen = arguments == ["--from", "2026-10-01", "--split", "month"]
        let error = #expect(throws: (any Error).self) {
            _ = try PayoutWorker.parseAsRoot(["enqueue", "--kind", "payments"] + arguments)
            if isOpen { _ = try jobs(["--from", "2026-10-01"], split: .month) }
        }
        if let error { #expect(PayoutWorker.exitCode(for: error) == .validationFailure) }
    }

    @Test func batchesAreWrittenIntoTheJobsAndTheirKeys() throws {
        var source = JobSource(fields: try JobFields.parse(["--kind", "payments"] + quarter), isChecked: true)
        (source.split, source.batch) = (.month, "q3")
        let jobs = try source.jobs()
        #expect(jobs.count == 3)
        for job in jobs {
            #expect(job.record.key == Array("q3".utf8))
            let document = try JSONSerialization.jsonObject(with: Data(job.record.value ?? [])) as? [String: Any]
            let batch = document?["batch"] as? [String: Any]
            #expect(batch?["id"] as? String == "q3")
            #expect(batch?["size"] as? Int == 3)
            #expect(document?["jobId"] as? String == job.id)
        }
    }

    @Test func jobsWithoutAFilterAreRefusedWhereTheSettingsRequireOne() throws {
        let settings = try Settings(flags: ["PAYOUT_API_REQUIRE_FILTER": "true"], file: nil)
        var source = JobSource(fields: try JobFields.parse(["--kind", "payments"]), isChecked: true)
        #expect(try source.jobs().count == 1)
        source.rule = FilterRule(settings)
        let error = #expect(throws: CommandFailure.self) { try source.jobs() }
        #expect(error?.description.contains("PAYOUT_API_REQUIRE_FILTER") == true)
        source.fields = try JobFields.parse(["--kind", "payments", "--month", "2026-10"])
        #expect(try source.jobs().count == 1)
        source.fields = try JobFields.parse(["--kind", "payments", "--request-id", "r"])
        #expect(try source.jobs().count == 1)
        let file = try TemporaryFile(
            #"{"jobId":"a","kind":"payments","filter":"paymentAmount gt 1"}"# + "\n"
                + #"{"jobId":"b","kind":"payments"}"#
        )
        source.fields = try JobFields.parse([])
        source.file = file.path
        let inFile = #expect(throws: CommandFailure.self) { try source.jobs() }
        #expect(inFile?.description.contains("1 of 2 jobs have no filter") == true)
    }

    @Test func filterIsRewrittenBeforeItIsSent() throws {
        let fields = try JobFields.parse(["--kind", "payments", "--filter", "?$filter=PaymentId='1'"])
        let value = try #require(try JobSource(fields: fields, isChecked: true).jobs().first?.record.value)
        #expect(String(decoding: value, as: UTF8.self).contains(#""filter":"paymentId eq '1'""#))
        let unchecked = try #require(try JobSource(fields: fields, isChecked: false).jobs().first?.record.value)
        #expect(String(decoding: unchecked, as: UTF8.self).contains("PaymentId='1'"))
    }

    @Test func filesAreStoredInAFolderUnderTheirOwnName() throws {
        let folder = FileManager.default.temporaryDirectory.path
        #expect(FileDownload.path(folder, fileName: "a.csv") == folder + "/a.csv")
        #expect(FileDownload.path("new/", fileName: "a.csv") == "new/a.csv")
        #expect(FileDownload.path("b.csv", fileName: "a.csv") == "b.csv")
        #expect(FileDownload.path(nil, fileName: "a.csv") == "a.csv")
        #expect(throws: CommandFailure.self) { try FileDownload.checkFolder(of: folder + "/\(UUID())/a.csv") }
        try FileDownload.checkFolder(of: "a.csv")
        try FileDownload.checkFolder(of: folder)
    }
}
