import ExportCore
import ExportRecords
import Foundation
import Testing

@Suite("Jobs and events of batches")
struct BatchTests {
    private let encoder = EventEncoder(groupID: "payout-export-workers", jobsTopic: "payout.export.jobs")

    // MARK: Jobs

    private func text(_ batch: String) -> String { #"{"jobId":"a","kind":"payments","batch":\#(batch)}"# }

    @Test func jobWithKeyOfItsBatchIsAccepted() {
        let input = decode(text(#"{"id":"fy26","size":12,"other":1}"#), key: "fy26")
        #expect(input.job?.batch == JobBatch(id: "fy26", size: 12))
        #expect(input.keyIsJobID)
        #expect(decode(text("null"), key: "a").job?.batch == nil)
        #expect(decode(text(#"{"id":"fy26","size":1e3}"#), key: "fy26").job?.batch?.size == 1_000)
    }

    @Test func keyOfRecordIsThatOfItsBatchOrItsJob() {
        func key(_ text: String) -> String? {
            JobDecoder().key(of: OriginalRecord(key: nil, value: Array(text.utf8)))
        }
        #expect(key(text(#"{"id":"fy26","size":12}"#)) == "fy26")
        #expect(key(#"{"jobId":"a","kind":"payments"}"#) == "a")
        #expect(key(#"{"jobId":"a","action":"cancel"}"#) == "a")
        #expect(key("{}") == nil)
    }

    @Test(arguments: ["a", nil] as [String?])
    func jobWithOtherKeyIsRefusedWithExpectedKey(key: String?) throws {
        let input = decode(text(#"{"id":"fy26","size":12}"#), key: key)
        #expect(input.fields == ["batch.id"])
        #expect(input.unreadableID == "a")
        let reason = try #require(input.reason)
        #expect(reason.contains("expected 'fy26'"))
        #expect(reason.contains(key == nil ? "null" : "'a'"))
    }

    @Test(
        arguments: [
            (#""fy26""#, ["batch"]), ("[]", ["batch"]), ("{}", ["batch.id", "batch.size"]),
            (#"{"id":"","size":2}"#, ["batch.id"]), (#"{"id":"a b","size":2}"#, ["batch.id"]),
            (#"{"id":7,"size":2}"#, ["batch.id"]), (#"{"id":null,"size":2}"#, ["batch.id"]),
            (#"{"id":"b","size":0}"#, ["batch.size"]), (#"{"id":"b","size":1001}"#, ["batch.size"]),
            (#"{"id":"b","size":-1}"#, ["batch.size"]), (#"{"id":"b","size":1.5}"#, ["batch.size"]),
            (#"{"id":"b","size":"2"}"#, ["batch.size"]), (#"{"id":"b"}"#, ["batch.size"]),
        ]
    )
    func invalidBatchIsRefusedWithItsFields(batch: String, fields: [String]) {
        #expect(decode(text(batch), key: "b").fields == fields)
    }

    // MARK: Events

    private func event(_ members: [JobBatchEvent.Member], size: Int, _ status: JobBatchStatus) -> JobBatchEvent {
        JobBatchEvent(
            batch: JobBatch(id: "fy26", size: size),
            status: status,
            source: RecordSource(partition: 3, offset: 1_842),
            members: members,
            accepted: Instant(milliseconds: 1_795_305_600_000),
            ended: Instant(milliseconds: 1_795_309_261_250)
        )
    }

    private let file = ExportFile(
        location: "s3://finance-exports/default/payments/2026/11/22/fy26-2026-10/payments.csv",
        stored: true,
        fileName: "payments.csv",
        mediaType: "text/csv",
        sizeBytes: 48_211,
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )

    private func sample(_ name: String) throws -> NSDictionary {
        let url = try #require(samples("batch-events")[name])
        return try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? NSDictionary)
    }

    private func parsed(_ event: JobBatchEvent) throws -> NSDictionary {
        let value = Data(encoder.encode(event).value ?? [])
        return try #require(JSONSerialization.jsonObject(with: value) as? NSDictionary)
    }

    @Test func writesGoldenSamples() throws {
        let completed = JobBatchEvent.Member(jobID: "fy26-2026-10", status: .completed, files: [file])
        let failed = JobBatchEvent.Member(jobID: "fy26-2026-11", status: .failed, code: .deadlineExceeded)
        let cancelled = JobBatchEvent.Member(jobID: "fy26-2026-12", status: .cancelled)
        var partial = event([completed, failed, cancelled], size: 3, .partial)
        partial.manifestLocation = "s3://finance-exports/_batch/fy26.json"
        #expect(try parsed(partial) == sample("partial"))
        var incomplete = event([completed], size: 12, .incomplete)
        incomplete.manifestProblem = "The file store did not accept it in time."
        #expect(try parsed(incomplete) == sample("incomplete"))
        var two = event([completed, failed], size: 2, .partial)
        for (form, name) in [(OutputForm.reduced, "locations"), (.short, "files"), (.least, "jobs")] {
            two.form = form
            #expect(try parsed(two) == sample("partial-without-\(name)"))
        }
    }

    @Test func decodedEventHasRowsOfFiles() throws {
        var stored = file
        stored.content = FileContent(rows: 412, delimiter: ",")
        let member = JobBatchEvent.Member(jobID: "fy26-2026-10", status: .completed, files: [stored])
        let value = encoder.encode(event([member], size: 1, .completed)).value
        #expect(EventDecoder().decodeBatch(value: value)?.jobs.first?.files?.first?.rows == 412)
    }

    /// The URL of a file that is not stored is a secret that expires, and a manifest is kept.
    @Test func urlOfFileIsInEventOnlyWhereNoManifestIsExpected() throws {
        let query = "se=2026-11-23T00%3A00%3A00Z&sig=secret"
        let link = ExportFile(
            location: "https://payouts.blob.core.windows.net/exports/payments.csv?\(query)",
            stored: false,
            fileName: "payments.csv",
            expiresAt: Instant(milliseconds: 1_795_392_000_000)
        )
        let passed = JobBatchEvent.Member(jobID: "fy26-2026-10", status: .completed, files: [link])
        #expect(try parsed(event([passed], size: 1, .completed)) == sample("completed-url"))
        let late = JobBatchEvent.Member(jobID: "fy26-2026-10", status: .failed, code: .downloadFailed, files: [link])
        var partial = event([late], size: 1, .partial)
        #expect(!String(decoding: encoder.manifest(partial), as: UTF8.self).contains("payouts.blob"))
        partial.manifestLocation = "s3://finance-exports/_batch/fy26.json"
        #expect(try parsed(partial) == sample("partial-not-stored"))
        (partial.manifestLocation, partial.manifestProblem) = (nil, "The file store did not accept it in time.")
        #expect(try !"\(parsed(partial))".contains("payouts.blob"))
    }

    @Test(arguments: samples("batch-events").keys.sorted()) func readsGoldenSample(name: String) throws {
        let url = try #require(samples("batch-events")[name])
        let value = Array(try Data(contentsOf: url))
        let document = try #require(EventDecoder().decodeBatch(value: value))
        #expect(document.batchId == "fy26")
        #expect(document.status == name.prefix { $0 != "-" })
        #expect(throws: EventDecodingError.self) { try EventDecoder().decode(value: value) }
    }

    @Test func eventOfJobIsNoBatchEvent() throws {
        let url = try #require(samples("events")["completed"])
        #expect(EventDecoder().decodeBatch(value: Array(try Data(contentsOf: url))) == nil)
        #expect(EventDecoder().decodeBatch(value: nil) == nil)
    }

    @Test func headersNameBatch() {
        let record = encoder.encode(event([], size: 1, .incomplete))
        #expect(record.key == Array("fy26".utf8))
        #expect(record.header("ce_id") == "@batch/fy26/3-1842/incomplete")
        #expect(record.header("ce_type") == "payout.export.batch.completed")
        #expect(record.header("ce_subject") == "fy26")
        #expect(record.header("ce_source") == "/payout-export-worker/payout-export-workers")
        #expect(record.header("ce_time") == "2026-11-22T01:01:01.250Z")
        #expect(record.header("content-type") == "application/json")
    }

    /// 1,000 jobs with the longest ids and locations: the last form with jobs fits a topic of the brokers' default limit, and
    /// the least form any topic.
    @Test func largestEventFitsInSmallerForms() {
        var long = file
        long.location = "https://example.net/" + String(repeating: "x", count: 8_000)
        let members = (0..<1_000).map { number in
            let id = String("\(number)-" + String(repeating: "j", count: 128)).prefix(128)
            return JobBatchEvent.Member(jobID: String(id), status: .completed, files: [long])
        }
        var event = event(members, size: 1_000, .completed)
        event.manifestProblem = String(repeating: "x", count: 512)
        func size(_ form: OutputForm) -> Int {
            event.form = form
            return encoder.encode(event).value?.count ?? 0
        }
        #expect(size(.whole) > 8_000_000)
        #expect(size(.reduced) < 1_000_000)
        #expect(size(.short) < 250_000)
        #expect(size(.least) < 1_000)
    }
}
