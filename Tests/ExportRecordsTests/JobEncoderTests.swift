import ExportCore
import ExportRecords
import Testing

@Suite("Writing jobs")
struct JobEncoderTests {
    private let encoder = JobEncoder()

    @Test func encodedJobIsDecodedUnchanged() {
        let trace = TraceContext(parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: "a=b")
        let job = ExportJob(
            id: "j:1",
            kind: .payments,
            filter: "paymentId eq 'a\"b\\c'",
            fileFormat: .tsv,
            account: "contoso",
            notBefore: Instant(milliseconds: 1_796_083_200_001),
            deadline: Instant(milliseconds: 1_796_083_200_002),
            maxAttempts: 7,
            adoptedRequestID: "r-1",
            metadataJSON: encoder.metadataJSON(["b": "\"ü\"", "a": "1"]),
            trace: trace
        )
        let input = JobDecoder().decode(encoder.encode(job).original, offset: 0)
        #expect(input.job == job)
        #expect(input.keyIsJobID)
    }

    @Test func jobOfBatchHasItsBatchAsKey() {
        let job = ExportJob(id: "a", kind: .payments, batch: JobBatch(id: "fy26", size: 12))
        let record = encoder.encode(job)
        #expect(record.key == Array("fy26".utf8))
        #expect(record.text.hasSuffix(#""batch":{"id":"fy26","size":12}}"#))
        let input = JobDecoder().decode(record.original, offset: 0)
        #expect(input.job == job)
        #expect(input.keyIsJobID)
        #expect(encoder.encodeCancel(id: "a", batchID: "fy26").key == Array("fy26".utf8))
    }

    @Test func absentFieldsAreLeftOut() {
        let text = encoder.encode(ExportJob(id: "a", kind: .payments)).text
        #expect(
            text
                == #"{"jobId":"a","action":"export","kind":"payments","fileFormat":"csv","account":"default","maxAttempts":3}"#
        )
    }

    @Test func cancelCommandIsEncoded() {
        let record = encoder.encodeCancel(id: "a")
        #expect(record.text == #"{"jobId":"a","action":"cancel"}"#)
        #expect(JobDecoder().decode(record.original, offset: 0).cancelledID == "a")
    }

    @Test func metadataIsEncodedInOneForm() {
        #expect(encoder.metadataJSON([:]) == nil)
        #expect(encoder.metadataJSON(["b": "2", "a": "1\n"]) == #"{"a":"1\n","b":"2"}"#)
    }
}
