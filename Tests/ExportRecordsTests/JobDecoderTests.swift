import ExportCore
import ExportRecords
import Foundation
import Testing

@Suite("Reading jobs")
struct JobDecoderTests {
    @Test func absentFieldsGetDefaults() throws {
        let input = decode(#"{"jobId":"a","kind":"payments"}"#, key: "a")
        #expect(input.job == ExportJob(id: "a", kind: .payments))
        #expect(input.offset == 7)
        #expect(input.keyIsJobID)
        #expect(input.warnings.isEmpty)
        #expect(input.original.value == Array(#"{"jobId":"a","kind":"payments"}"#.utf8))
    }

    @Test func everyFieldIsRead() throws {
        let job = try #require(
            decode(
                """
                {"jobId": "j:1", "action": "export", "kind": "transactionHistory",
                 "filter": "earningForDate ge 2023-03-01", "fileFormat": "tsv", "account": "contoso",
                 "notBefore": "2026-12-01T00:00:00Z", "deadline": "2026-12-02T06:00:00.25+02:00",
                 "maxAttempts": 5, "requestId": "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4",
                 "metadata": {"b": "2", "a": "1"}}
                """
            ).job
        )
        let expected = ExportJob(
            id: "j:1",
            kind: .transactionHistory,
            filter: "earningForDate ge 2023-03-01",
            fileFormat: .tsv,
            account: "contoso",
            notBefore: Instant(milliseconds: 1_796_083_200_000),
            deadline: Instant(milliseconds: 1_796_184_000_250),
            maxAttempts: 5,
            adoptedRequestID: "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4",
            metadataJSON: #"{"a":"1","b":"2"}"#
        )
        #expect(job == expected)
    }

    @Test(arguments: samples("jobs/valid").keys.sorted())
    func validGoldenSampleIsAccepted(name: String) throws {
        let url = try #require(samples("jobs/valid")[name])
        let input = decode(bytes: Array(try Data(contentsOf: url)), key: Self.key(ofSample: name))
        #expect(input.reason == nil)
        #expect(input.warnings.map(\.field) == (name == "unknown-filter-field" ? ["filter"] : []))
        #expect((input.cancelledID != nil) == name.hasPrefix("cancel"))
    }

    @Test(arguments: samples("jobs/invalid").keys.sorted())
    func invalidGoldenSampleIsRefusedWithItsFields(name: String) throws {
        let url = try #require(samples("jobs/invalid")[name])
        let sample = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        let value = try #require(sample["value"])
        let input = decode(bytes: Array(try JSONSerialization.data(withJSONObject: value)), key: "a")
        #expect(input.fields == (try #require(sample["fields"] as? [String])).sorted())
        #expect(input.reason?.isEmpty == false)
        let hasReadableID = (value as? [String: Any])?["jobId"] as? String == "a"
        #expect(input.unreadableID == (hasReadableID ? "a" : nil))
    }

    private static func key(ofSample name: String) -> String {
        name.hasPrefix("pause") || name.hasPrefix("resume") ? "@control" : "fy26"
    }

    @Test func goldenSamplesAreThere() {
        #expect(samples("jobs/valid").count >= 10)
        #expect(samples("jobs/invalid").count >= 30)
    }

    // MARK: Documents

    @Test(arguments: [
        ("", "empty"), ("   ", "empty"), ("{", "ends early"), ("not json", "not JSON"), ("{\"a\":}", "not JSON"),
        ("{} x", "follows"), ("[1]", "an array"), ("\"a\"", "a string"), ("7", "a number"), ("null", "null"),
        ("true", "a boolean"), ("{\"a\":01}", "not JSON"), ("{'a':1}", "not JSON"), ("{\"a\":1,}", "not JSON"),
        ("{\"a\":\"\\ud800\"}", "surrogate"),
        ("{\"a\":\"\\udc00\\udc00\"}", "surrogate"), ("{\"a\":\"\\ud800\\ud800\"}", "surrogate"),
        ("{\"a\":\"\u{1}\"}", "control character"), ("{\"a\":\"\\x\"}", "escape"),
    ])
    func invalidDocumentIsRefusedWithReason(text: String, expected: String) throws {
        let input = decode(text)
        #expect(try #require(input.reason).contains(expected))
        #expect(input.fields.isEmpty)
        #expect(input.unreadableID == nil)
    }

    @Test func valueThatIsNotUTF8IsRefused() throws {
        let bytes = Array(#"{"jobId":"a","kind":"payments","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let input = decode(bytes: bytes)
        #expect(try #require(input.reason).contains("not UTF-8"))
        #expect(input.unreadableID == "a")
    }

    @Test func nullValueIsRefused() throws {
        let input = decode(bytes: nil, key: "a")
        #expect(try #require(input.reason).contains("null"))
        #expect(input.unreadableID == nil)
    }

    @Test func valueOfMoreThanOneMebibyteIsRefused() throws {
        let start = #"{"jobId":"a","kind":"payments","unknown":""#
        let filling = String(repeating: "x", count: 1_048_576 - start.utf8.count - 2)
        #expect(decode(start + filling + "\"}").job?.id == "a")
        let input = decode(start + filling + "x\"}")
        #expect(try #require(input.reason).contains("1048577 bytes"))
        #expect(input.unreadableID == "a")
    }

    @Test func tooDeepNestingIsRefused() throws {
        func nested(_ levels: Int) -> String {
            #"{"jobId":"a","kind":"payments","x":"# + String(repeating: "[", count: levels)
                + String(repeating: "]", count: levels) + "}"
        }
        #expect(decode(nested(63)).job != nil)
        #expect(try #require(decode(nested(64)).reason).contains("deeper"))
        #expect(decode(nested(400_000)).reason != nil)
    }

    @Test func byteOrderMarkIsSkipped() {
        #expect(decode("\u{FEFF}{\"jobId\":\"a\",\"kind\":\"payments\"}").job?.id == "a")
    }

    @Test func jobIDBeforeFaultIsRead() {
        #expect(decode(#"{"jobId":"a","kind":"pay"#).unreadableID == "a")
        #expect(decode(#"{"jobId":"a"#).unreadableID == nil)
    }

    // MARK: Fields

    @Test func lastOfDuplicateNamesCounts() {
        let input = decode(#"{"jobId":"a","kind":"payments","jobId":"b","metadata":{"x":"1","y":"2","x":"3"}}"#)
        #expect(input.job?.id == "b")
        #expect(input.job?.metadataJSON == #"{"x":"3","y":"2"}"#)
    }

    @Test func escapesAreRead() {
        let input = decode(
            #"{"\u006aobId":"\u0061\u002D1","kind":"payments","#
                + #""metadata":{"\"k\\":"\ud83d\ude80\/\b\f\n\r\t\u00fc\u0001"}}"#
        )
        #expect(input.job?.id == "a-1")
        #expect(input.job?.metadataJSON == #"{"\"k\\":"🚀/\b\f\n\r\t"# + "ü" + #"\u0001"}"#)
    }

    @Test func equalMetadataHasOneForm() {
        func metadata(_ text: String) -> String? {
            decode(#"{"jobId":"a","kind":"payments","metadata":\#(text)}"#).job?.metadataJSON
        }
        #expect(metadata("{}") == nil)
        #expect(metadata(#"{ "b" : "1" , "a" : "\u0032" }"#) == metadata(#"{"a":"2","b":"1"}"#))
        #expect(metadata(#"{"é":"1","z":"2","Z":"3"}"#) == #"{"Z":"3","z":"2","é":"1"}"#)
    }

    @Test func metadataLimitAppliesToCompactForm() {
        func input(_ count: Int, space: String) -> JobInput {
            decode(
                #"{"jobId":"a","kind":"payments","metadata":{"a":\#(space)"\#(String(repeating: "x", count: count))"}}"#
            )
        }
        let most = 16_384 - #"{"a":""}"#.utf8.count
        #expect(input(most, space: String(repeating: " ", count: 20_000)).job != nil)
        #expect(input(most + 1, space: "").fields == ["metadata"])
    }

    @Test func onlyFewInvalidMembersAreReported() throws {
        let members = (0..<5_000).map { "\"\($0)\":0" }.joined(separator: ",")
        guard
            case .unreadable(_, let reason, let details, _) =
                decode("{\"jobId\":\"a\",\"kind\":\"payments\",\"metadata\":{\(members)}}").content
        else { return #expect(Bool(false)) }
        #expect(details.count == 11)
        #expect(reason.utf8.count < 1_500)
    }

    @Test func integersInAllJSONSchemaFormsAreAccepted() {
        func attempts(_ text: String) -> Int? {
            decode(#"{"jobId":"a","kind":"payments","maxAttempts":\#(text)}"#).job?.maxAttempts
        }
        #expect(attempts("1") == 1)
        #expect(attempts("100") == 100)
        #expect(attempts("3.0") == 3)
        #expect(attempts("1e2") == 100)
        for text in ["0", "-0", "101", "1.5", "1e3", "1e400", "-1", "99999999999999999999", "true", "\"3\""] {
            #expect(attempts(text) == nil, "\(text)")
        }
    }

    @Test func requestIDMustBeSinglePathSegment() {
        func isTaken(_ id: String) -> Bool {
            decode(#"{"jobId":"a","kind":"payments","requestId":"\#(id)"}"#).job != nil
        }
        #expect(isTaken("93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"))
        for id in ["", ".", "..", "a/b", "a?b", "a b", "%2e", "a#", String(repeating: "a", count: 129)] {
            #expect(!isTaken(id), "\(id)")
        }
    }

    @Test func reasonsContainOnlyExcerpts() throws {
        let secret = String(repeating: "s3cret", count: 50)
        let input = decode(
            #"{"jobId":"\#(secret)!","kind":"\#(secret)","account":7,"notBefore":"\#(secret)","#
                + #""requestId":"?\#(secret)"}"#
        )
        let reason = try #require(input.reason)
        #expect(reason.components(separatedBy: "s3cret").count < 10)
        #expect(!decode("{\"jobId\":\"a\",\"kind\":\"\\n\\u001b[31m\"}").reason!.utf8.contains { $0 < 0x20 })
    }

    // MARK: Keys

    @Test func keyIsComparedWithJobID() {
        let text = #"{"jobId":"a","kind":"payments"}"#
        #expect(decode(text, key: "a").keyIsJobID)
        #expect(!decode(text, key: "b").keyIsJobID)
        #expect(!decode(text, key: nil).keyIsJobID)
        #expect(!decode(#"{"jobId":"a","action":"cancel"}"#, key: "b").keyIsJobID)
        #expect(decode("nothing", key: "b").keyIsJobID)
    }

    // MARK: Filters

    @Test func unknownFilterFieldYieldsWarning() {
        let input = decode(#"{"jobId":"a","kind":"payments","filter":"earningForDate ge 2023-03-01"}"#)
        #expect(input.job?.filter == "earningForDate ge 2023-03-01")
        #expect(input.warnings.map(\.field) == ["filter"])
    }

    @Test func filterErrorReportsItsPosition() throws {
        let input = decode(#"{"jobId":"a","kind":"payments","filter":"paymentAmount gt"}"#)
        #expect(try #require(input.reason).contains("at character"))
    }

    @Test func certainMistakesOfAFilterAreRewrittenWithAWarning() {
        let input = decode(#"{"jobId":"a","kind":"payments","filter":"?$filter=PayoutStatusUpdateTS>='2023-03-01'"}"#)
        #expect(input.job?.filter == "payoutStatusUpdateTS ge 2023-03-01")
        #expect(
            input.warnings.map { "\($0.field) \($0.message)" } == [
                "filter was rewritten to: payoutStatusUpdateTS ge 2023-03-01"
            ]
        )
    }

    @Test func filterThatIsTooLongWhenRewrittenIsRefused() throws {
        let filter = String(repeating: "paymentAmount=1||", count: 480) + "paymentAmount=1"
        #expect(filter.utf8.count <= 8_192)
        let input = decode(#"{"jobId":"a","kind":"payments","filter":"\#(filter)"}"#)
        #expect(try #require(input.reason).contains("after it was rewritten"))
        #expect(input.fields == ["filter"])
    }

    @Test func filterOfEightKibibytesIsAccepted() {
        let start = "paymentId eq '"
        let filter = start + String(repeating: "x", count: 8_192 - start.utf8.count - 1) + "'"
        #expect(decode(#"{"jobId":"a","kind":"payments","filter":"\#(filter)"}"#).job?.filter == filter)
    }
}
