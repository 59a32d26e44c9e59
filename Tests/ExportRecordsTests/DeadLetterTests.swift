import ExportCore
import ExportRecords
import Testing

@Suite("Dead letters")
struct DeadLetterTests {
    private let encoder = DeadLetterEncoder(topic: "payout.export.jobs", groupID: "workers")
    private let original = OriginalRecord(
        key: [0xFF, 0],
        value: [1, 2, 3],
        headers: [.init(name: "a", value: nil), .init(name: "b", value: [0xFE]), .init(name: "a", value: [])]
    )

    @Test func deadLetterKeepsRecordAndAddsItsSource() {
        let letter = DeadLetter(original: original, partition: 3, offset: 99, reason: "not JSON")
        let record = encoder.encode(letter)
        #expect(record.key == original.key)
        #expect(record.value == original.value)
        #expect(Array(record.headers.prefix(3)) == original.headers)
        #expect(
            record.headers.dropFirst(3).map { "\($0.name)=\(String(decoding: $0.value ?? [], as: UTF8.self))" } == [
                "__dlq.errors.topic=payout.export.jobs", "__dlq.errors.partition=3", "__dlq.errors.offset=99",
                "__dlq.errors.group=workers", "__dlq.errors.message=not JSON",
            ]
        )
    }

    @Test func deadLetterKeepsNullKeyAndNullValue() {
        let letter = DeadLetter(original: OriginalRecord(key: nil, value: nil), partition: 0, offset: 0, reason: "r")
        #expect(encoder.encode(letter).key == nil)
        #expect(encoder.encode(letter).value == nil)
    }

    @Test func deadLetterCanBeDecodedAndReplayed() {
        let letter = DeadLetter(original: original, partition: 3, offset: 99, reason: "not JSON")
        let document = DeadLetterDocument(encoder.encode(letter).original)
        #expect(document.original == original)
        #expect(document.topic == "payout.export.jobs")
        #expect(document.partition == 3)
        #expect(document.offset == 99)
        #expect(document.groupID == "workers")
        #expect(document.reason == "not JSON")
    }

    @Test func headersOfEarlierDeadLetterAreReplaced() {
        let first = encoder.encode(DeadLetter(original: original, partition: 3, offset: 99, reason: "first"))
        let again = encoder.encode(DeadLetter(original: first.original, partition: 4, offset: 7, reason: "second"))
        #expect(again.headers.count == first.headers.count)
        #expect(again.header("__dlq.errors.message") == "second")
    }

    @Test func otherRecordHasNoDeadLetterValues() {
        let document = DeadLetterDocument(original)
        #expect(document.original == original)
        #expect(document.topic == nil && document.partition == nil && document.offset == nil && document.reason == nil)
    }
}
