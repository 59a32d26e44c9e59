import ExportCore
import ExportRecords
import Testing

/// Records in reduced forms, for topics that do not accept them whole.
@Suite("Forms of records")
struct FormTests {
    private let encoder = DeadLetterEncoder(topic: "payout.export.jobs", groupID: "workers")

    private func letter(_ form: OutputForm, omitted: OmittedParts = OmittedParts()) -> OutgoingRecord {
        let original = OriginalRecord(
            key: [1, 2],
            value: omitted.value == nil ? [1, 2, 3] : nil,
            headers: [.init(name: "a", value: [9])],
            omitted: omitted
        )
        var letter = DeadLetter(
            original: original,
            partition: 3,
            offset: 99,
            reason: String(repeating: "long ", count: 100)
        )
        letter.form = form
        return encoder.encode(letter)
    }

    @Test func reducedDeadLetterListsItsOmittedParts() {
        #expect(letter(.whole).value == [1, 2, 3])
        #expect(letter(.whole).header("__dlq.errors.value.omitted") == nil)

        let reduced = letter(.reduced)
        #expect(reduced.value == nil)
        #expect(reduced.header("__dlq.errors.value.size") == "3")
        #expect(reduced.header("__dlq.errors.value.omitted")?.isEmpty == false)
        #expect(reduced.headers.contains { $0.name == "a" })

        let short = letter(.short)
        #expect(!short.headers.contains { $0.name == "a" })
        #expect(short.header("__dlq.errors.headers.size") == "2")
        #expect(short.key == [1, 2])

        let least = letter(.least)
        #expect(least.key == nil)
        #expect(least.header("__dlq.errors.key.size") == "2")
        #expect(least.header("__dlq.errors.message")?.utf8.count ?? 0 <= 200)
        #expect(least.header("__dlq.errors.offset") == "99")
    }

    @Test func deadLetterOfOversizedRecordReportsItsSize() {
        let record = letter(.whole, omitted: OmittedParts(value: 5_000_000))
        #expect(record.value == nil)
        #expect(record.header("__dlq.errors.value.size") == "5000000")
        let document = DeadLetterDocument(record.original)
        #expect(document.original.omitted == OmittedParts(value: 5_000_000))
        #expect(DeadLetterDocument(letter(.whole).original).original.omitted.isEmpty)
    }

    @Test func reducedEventListsItsOmittedParts() throws {
        func document(_ form: OutputForm) throws -> CompletionEventDocument {
            let job = ExportJob(id: "j", kind: .payments, filter: "a eq 1", metadataJSON: #"{"k":"v"}"#)
            let details = [FieldError(field: "kind", message: "wrong")]
            var event = CompletionEvent(
                jobID: "j",
                status: .rejected,
                source: RecordSource(partition: 0, offset: 0),
                job: job,
                error: JobError(code: .tooLarge, message: "why", details: details),
                times: JobTimes(accepted: Instant(milliseconds: 0))
            )
            event.form = form
            return try EventDecoder().decode(value: EventEncoder(groupID: "g", jobsTopic: "jobs").encode(event).value)
        }
        #expect(try document(.whole).omitted == nil)
        #expect(try document(.reduced).omitted == ["metadata"])
        #expect(try document(.reduced).metadata.isEmpty)
        #expect(try document(.reduced).error?.details.count == 1)
        #expect(try document(.short).omitted == ["metadata", "error.details"])
        #expect(try document(.short).error?.details.isEmpty == true)
        #expect(try document(.least).omitted == ["metadata", "error.details", "filter"])
        #expect(try document(.least).filter == nil)
    }

    @Test func eventWithoutColumnsHasTheOtherFacts() throws {
        var event = CompletionEvent(
            jobID: "j",
            status: .completed,
            source: RecordSource(partition: 0, offset: 0),
            job: ExportJob(id: "j", kind: .payments, metadataJSON: #"{"k":"v"}"#),
            times: JobTimes(accepted: Instant(milliseconds: 0))
        )
        let content = FileContent(rows: 3, columns: ["a"], headerSHA256: "9f86", delimiter: ",", encoding: "utf-8")
        event.files = [ExportFile(location: "l", stored: true, fileName: "f", content: content)]
        event.form = .withoutColumns
        let value = EventEncoder(groupID: "g", jobsTopic: "jobs").encode(event).value
        let document = try EventDecoder().decode(value: value)
        #expect(document.omitted == ["files.content.columns"])
        #expect(document.files.first?.content?.columns == nil)
        #expect(document.files.first?.content?.rows == 3)
        #expect(document.files.first?.content?.headerSha256 == "9f86")
        #expect(document.metadata == ["k": "v"])
    }

    @Test(
        arguments: [
            (OmittedParts(value: 5_000_000), "value has 5000000 bytes"),
            (OmittedParts(headers: 100_000), "headers have 100000 bytes"),
            (OmittedParts(key: 20_000), "key has 20000 bytes"),
        ]
    )
    func recordWithOmittedPartsIsUnreadable(parts: OmittedParts, reason: String) {
        let value = parts.value == nil ? Array(#"{"jobId":"a","kind":"payments"}"#.utf8) : nil
        let record = OriginalRecord(key: nil, value: value, headers: [], omitted: parts)
        let input = JobDecoder().decode(record, offset: 1)
        #expect(input.job == nil)
        #expect(input.reason?.contains(reason) == true)
    }
}
