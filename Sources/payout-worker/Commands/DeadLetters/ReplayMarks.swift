import KafkaClient
import WorkerKafka

/// The record of which dead letters were sent again: a mark in the same topic and partition, which is kept at least as long
/// as the dead letter, and a header of the sent record, which shows a replay that was interrupted before it was marked.
enum ReplayMarks {
    /// The header of a replayed job, which names its dead letter.
    static let jobHeader = "x-replayed-from"
    /// The header of a mark in the dead-letter topic: the partition/offset of the dead letter that was sent again.
    static let header = "__dlq.replayed"

    /// The key of a mark. No job id begins with `@`, so a mark is never mistaken for a dead letter.
    private static func key(_ id: String) -> [UInt8] { Array("@replayed/\(id)".utf8) }

    /// The dead letter that a record marks as sent again; `nil` if the record is not a mark.
    static func id(markedBy record: KafkaRecord) -> String? {
        guard record.withKey({ $0?.first == UInt8(ascii: "@") }) else { return nil }
        return record.headers.last { $0.name == header }?.text
    }

    /// The dead letters that are marked as sent again, by `partition/offset`.
    static func marked(_ access: KafkaAccess) async throws -> Set<String> {
        var ids: Set<String> = []
        try await access.scan(access.topics.deadLetter) { record in
            if let id = id(markedBy: record) { ids.insert(id) }
            return .continue
        }
        return ids
    }

    /// The dead letters that were sent again, by their marks and by the records in the jobs topic.
    static func all(_ access: KafkaAccess) async throws -> Set<String> {
        var ids = try await marked(access)
        let prefix = access.topics.deadLetter + "/"
        try await access.scan(access.topics.jobs) { record in
            for header in record.headers where header.name == jobHeader {
                if let mark = header.text, mark.hasPrefix(prefix) { ids.insert(String(mark.dropFirst(prefix.count))) }
            }
            return .continue
        }
        return ids
    }

    /// The record that marks a dead letter, for its own partition.
    static func mark(_ id: DeadLetterID, topic: String) -> KafkaProducerRecord {
        KafkaProducerRecord(
            topic: topic,
            partition: id.partition,
            key: key(id.text),
            value: nil,
            headers: [KafkaHeader(header, id.text)]
        )
    }
}
