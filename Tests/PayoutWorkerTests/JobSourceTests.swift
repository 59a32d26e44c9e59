import ExportCore
import ExportRecords
import Foundation
import ArgumentParser
import Testing

@testable import payout_worker

@Suite struct JobSourceTests {
    private func source(
        _ arguments: [String] = [],
        file: String? = nil,
        count: Int? = nil,
        prefix: String? = nil,
        isChecked: Bool = true
    ) throws -> JobSource {
        JobSource(
            fields: try JobFields.parse(arguments),
            file: file,
            count: count,
            prefix: prefix,
            isChecked: isChecked
        )
    }

    private func decode(_ job: PreparedJob) throws -> ExportJob {
        let original = OriginalRecord(key: job.record.key, value: job.record.value, headers: job.record.headers)
        let input = JobDecoder().decode(original, offset: 0)
        #expect(input.keyIsJobID)
        guard case .export(let decoded) = input.content else { throw CommandFailure("not a job: \(input.content)") }
        return decoded
    }

    @Test func flagsDefineEveryFieldOfAJob() throws {
        let jobs = try source([
            "--kind", "payments", "--filter", "paymentAmount gt 5", "--format", "tsv", "--account", "emea", "--job-id",
            "j",
            "--deadline", "2030-01-01T00:00:00Z", "--max-attempts", "7", "--metadata", "a=b=c", "--metadata", "d=",
        ]).jobs()
        let job = try decode(try #require(jobs.first))
        #expect(jobs.count == 1)
        #expect(job.id == "j")
        #expect(job.kind == .payments)
        #expect(job.filter == "paymentAmount gt 5")
        #expect(job.fileFormat == .tsv)
        #expect(job.account == "emea")
        #expect(job.deadline?.rfc3339 == "2030-01-01T00:00:00.000Z")
        #expect(job.maxAttempts == 7)
        #expect(job.metadataJSON == #"{"a":"b=c","d":""}"#)
    }

    @Test func jobsOfBatchInFileHaveItsIDAsKey() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "jobs-\(UUID().uuidString).ndjson")
        defer { try? FileManager.default.removeItem(at: url) }
        let lines = [
            #"{"jobId":"a","kind":"payments","batch":{"id":"fy26","size":1}}"#, #"{"jobId":"b","kind":"payments"}"#,
        ]
        try Data(lines.joined(separator: "\n").utf8).write(to: url)
        let jobs = try source(file: url.path).jobs()
        #expect(jobs.map(\.record.key) == [Array("fy26".utf8), Array("b".utf8)])
        #expect(try decode(try #require(jobs.first)).batch == JobBatch(id: "fy26", size: 1))
    }

    @Test func invalidJobIsRefusedWithItsFields() throws {
        let error = #expect(throws: CommandFailure.self) {
            try source(["--kind", "invoices", "--format", "xml", "--max-attempts", "0"]).jobs()
        }
        for field in ["kind", "fileFormat", "maxAttempts"] {
            #expect(error?.description.contains(field) == true)
        }
        #expect(try source(["--kind", "invoices"], isChecked: false).jobs().count == 1)
    }

    @Test func generatedJobsAreValidAndOfEveryKindAndFormat() throws {
        let jobs = try source(count: 120, prefix: "load").jobs().map(decode)
        #expect(jobs.count == 120)
        #expect(Set(jobs.map(\.id)).count == 120)
        #expect(jobs[0].id == "load-001")
        #expect(jobs.filter { $0.kind == .payments }.count == 60)
        #expect(jobs.filter { $0.fileFormat == .tsv }.count == 60)
        #expect(Set(jobs.compactMap(\.filter)).count == 120)
        #expect(try source(count: 120, prefix: "load").jobs().map(\.id) == jobs.map(\.id))
    }

    @Test func generatedJobsUseTheFlags() throws {
        let arguments = ["--kind", "payments", "--format", "csv", "--filter", "paymentAmount gt 5", "--account", "x"]
        for job in try source(arguments, count: 5).jobs().map(decode) {
            #expect(job.kind == .payments)
            #expect(job.fileFormat == .csv)
            #expect(job.filter == "paymentAmount gt 5")
            #expect(job.account == "x")
        }
    }

    @Test func fileWithInvalidLinesIsRefusedWithTheirNumbers() throws {
        let file = try TemporaryFile(
            #"{"jobId":"a","kind":"payments"}"# + "\r\n\n" + #"{"jobId":"b","kind":"x"}"# + "\n{\n"
                + #"{"jobId":"c","action":"cancel"}"#
        )
        let error = #expect(throws: CommandFailure.self) { try source(file: file.path).jobs() }
        #expect(error?.description.contains("2 of 4 jobs") == true)
        #expect(error?.description.contains("line 3: kind") == true)
        #expect(error?.description.contains("line 4: ") == true)
        let unchecked = try source(file: file.path, isChecked: false).jobs()
        #expect(unchecked.map(\.id) == ["a", "b", nil, "c"])
        #expect(unchecked[0].record.value == Array(#"{"jobId":"a","kind":"payments"}"#.utf8))
    }
}
