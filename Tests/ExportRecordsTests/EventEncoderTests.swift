import ExportCore
import ExportRecords
import Foundation
import Testing
import TestSupport

@Suite("Completion events")
struct EventEncoderTests {
    private let encoder = EventEncoder(groupID: "payout-export-workers", jobsTopic: "payout.export.jobs")
    private let source = RecordSource(partition: 3, offset: 1_842)
    private let accepted = Instant(milliseconds: 1_795_305_600_000)

    private func parsed(_ bytes: [UInt8]) throws -> NSDictionary {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }

    /// Each finished state sample and the event that it announces.
    @Test(arguments: samples("state/v1", suffix: "bin").keys.filter { $0.hasPrefix("finished-") }.sorted())
    func writesGoldenSample(name: String) throws {
        let state = try #require(samples("state/v1")[name])
        let description = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: state)) as? [String: Any])
        let key = try #require(description["key"] as? String)
        let value = Array(try Data(contentsOf: try #require(samples("state/v1", suffix: "bin")[name])))
        guard case .job(let job) = try StateCodec().decode(key: Array(key.utf8), value: value) else {
            return #expect(Bool(false))
        }
        let record = encoder.encode(try #require(CompletionEvent(job, partition: 3)))
        let sample = try #require(samples("events")[String(name.dropFirst("finished-".count))])
        #expect(try parsed(record.value ?? []) == parsed(Array(try Data(contentsOf: sample))))
        #expect(record.key == Array(key.utf8))
    }

    @Test(arguments: samples("events").keys.sorted()) func readsGoldenSample(name: String) throws {
        let url = try #require(samples("events")[name])
        let document = try EventDecoder().decode(value: Array(Data(contentsOf: url)))
        #expect(!document.jobId.isEmpty)
        #expect(document.status == name.prefix { $0 != "-" })
    }

    @Test func eventHasDocumentedForm() {
        let job = ExportJob(
            id: "j",
            kind: .transactionHistory,
            filter: "earningForDate ge 2023-03-01",
            metadataJSON: #"{"requestedBy":"billing"}"#
        )
        let file = ExportFile(
            location: "s3://b/j.csv",
            stored: true,
            fileName: "j.csv",
            mediaType: "text/csv",
            sizeBytes: 48_211,
            sha256: "9f86"
        )
        let event = CompletionEvent(
            jobID: "j",
            status: .completed,
            source: source,
            job: job,
            requestID: "r",
            attempts: 1,
            files: [file],
            times: JobTimes(accepted: accepted, submitted: accepted, ready: accepted, finished: accepted)
        )
        let time = "2026-11-22T00:00:00.000Z"
        #expect(
            encoder.encode(event).text == """
                {"jobId":"j","status":"completed","kind":"transactionHistory","account":"default",\
                "filter":"earningForDate ge 2023-03-01","fileFormat":"csv","requestId":"r","attempts":1,\
                "files":[{"location":"s3://b/j.csv","stored":true,"fileName":"j.csv","mediaType":"text/csv",\
                "sizeBytes":48211,"sha256":"9f86","expiresAt":null,"content":null}],"error":null,\
                "source":{"topic":"payout.export.jobs","partition":3,"offset":1842},\
                "times":{"accepted":"\(time)","submitted":"\(time)","ready":"\(time)","finished":"\(time)"},\
                "metadata":{"requestedBy":"billing"}}
                """
        )
    }

    @Test func eventWithoutJobIsEncoded() throws {
        let error = JobError(code: .invalidJob, message: "m", details: [FieldError(field: "kind", message: "d")])
        let event = CompletionEvent(
            jobID: "rejected-2",
            status: .rejected,
            source: source,
            error: error,
            times: JobTimes(accepted: accepted, finished: accepted)
        )
        #expect(
            encoder.encode(event).text == """
                {"jobId":"rejected-2","status":"rejected","kind":null,"account":null,"filter":null,"fileFormat":null,\
                "requestId":null,"attempts":0,"files":[],"error":{"code":"invalidJob","message":"m",\
                "details":[{"field":"kind","message":"d"}]},\
                "source":{"topic":"payout.export.jobs","partition":3,"offset":1842},"times":{"accepted":"2026-11-22T00:00:00.000Z",\
                "submitted":null,"ready":null,"finished":"2026-11-22T00:00:00.000Z"},"metadata":{}}
                """
        )
    }

    @Test(arguments: JobStatus.allCases) func eventHasCloudEventsAttributes(status: JobStatus) {
        let finished = accepted.advanced(by: .milliseconds(1))
        let trace = TraceContext(parent: "p", state: "s")
        let event = CompletionEvent(
            jobID: "a:1",
            status: status,
            source: source,
            times: JobTimes(accepted: accepted, finished: finished),
            trace: trace
        )
        let record = encoder.encode(event)
        #expect(
            record.headers.map(\.name) == [
                "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type",
                "traceparent",
                "tracestate",
            ]
        )
        #expect(record.key == Array("a:1".utf8))
        #expect(record.header("ce_specversion") == "1.0")
        #expect(record.header("ce_id") == "a:1/3-1842/\(status.name)")
        #expect(record.header("ce_source") == "/payout-export-worker/payout-export-workers")
        #expect(record.header("ce_type") == "payout.export.\(status.name)")
        #expect(record.header("ce_subject") == "a:1")
        #expect(record.header("ce_time") == "2026-11-22T00:00:00.001Z")
        #expect(record.header("content-type") == "application/json")
        #expect(record.header("traceparent") == "p")
        #expect(record.header("tracestate") == "s")
    }

    @Test func groupIDIsPercentEncodedInSource() {
        let event = CompletionEvent(jobID: "a", status: .failed, source: source, times: JobTimes(accepted: accepted))
        #expect(
            EventEncoder(groupID: "a b/ü", jobsTopic: "t").encode(event).header("ce_source")
                == "/payout-export-worker/a%20b%2F%C3%BC"
        )
        #expect(encoder.encode(event).header("ce_time") == "2026-11-22T00:00:00.000Z")
        #expect(encoder.encode(event).header("traceparent") == nil)
    }

    @Test(arguments: 0..<4) func randomEventsAreJSON(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 {
            var record = JobRecord.random(using: &generator)
            record.phase = .finished
            record.status = .failed
            record.job.metadataJSON = nil
            let event = try #require(CompletionEvent(record, partition: 7))
            let encoded = encoder.encode(event)
            #expect(encoded == encoder.encode(event))
            let document = try EventDecoder().decode(value: encoded.value)
            #expect(document.jobId == event.jobID)
            #expect(document.source?.partition == 7 && document.source?.offset == record.offset)
            #expect(document.filter == event.job?.filter)
            #expect(document.requestId == event.requestID)
            #expect(document.files.map(\.location) == event.files.map(\.location))
            #expect(document.files.map { $0.entries?.count ?? 0 } == event.files.map(\.entries.count))
            #expect(document.files.map(\.content?.rows) == event.files.map(\.content?.rows))
            #expect(document.files.map(\.content?.columns) == event.files.map(\.content?.columns))
            #expect(document.error?.code == event.error?.code.name)
            #expect(document.error?.details.map(\.message) == event.error?.details.map(\.message))
        }
    }

    @Test func eventOfEarlierWorkerHasNoSource() throws {
        let url = try #require(samples("events")["completed"])
        var document = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        document["source"] = nil
        let value = Array(try JSONSerialization.data(withJSONObject: document))
        #expect(try EventDecoder().decode(value: value).source == nil)
    }

    @Test func invalidEventIsRefusedWithReason() {
        for value in [nil, [], Array("{}".utf8), Array("[1]".utf8)] as [[UInt8]?] {
            #expect(throws: EventDecodingError.self) { try EventDecoder().decode(value: value) }
        }
    }
}
