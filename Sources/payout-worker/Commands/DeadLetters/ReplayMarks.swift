import KafkaClient
import WorkerKafka

/// Remembers which dead letters were sent again: by a record in their own topic, beside them, which stays at least as
/// long as they do; and by a header of the record that was sent, which tells of a replay that was interrupted before
/// it could be noted.
enum ReplayMarks {
    /// The header of a replayed job: the dead letter that it was.
    static let jobHeader = "x-replayed-from"
    /// The header of a mark in the dead-letter topic: the partition/offset of the dead letter that was sent again.
    static let header = "__dlq.replayed"

    /// The key of a mark. No job id begins with `@`, so a mark never stands for a dead letter.
    private static func key(_ id: String) -> [UInt8] { Array("@replayed/\(id)".utf8) }

    /// The dead letter that a record marks as sent again; `nil` when the record is no mark.
    static func id(markedBy record: KafkaRecord) -> String? {
        guard record.withKey({ $0?.first == UInt8(ascii: "@") }) else { return nil }
        return record.headers.last { $0.name == header }?.text
    }

    /// The dead letters that their topic calls sent again, by `partition/offset`.
    static func noted(_ access: KafkaAccess) async throws -> Set<String> {
        var ids: Set<String> = []
        try await access.scan(access.topics.deadLetter) { record in
            if let id = id(markedBy: record) { ids.insert(id) }
            return .goOn
        }
        return ids
    }

    /// The dead letters that were sent again as far as anything tells.
    static func all(_ access: KafkaAccess) async throws -> Set<String> {
        var ids = try await noted(access)
        let prefix = access.topics.deadLetter + "/"
        try await access.scan(access.topics.jobs) { record in
            for header in record.headers where header.name == jobHeader {
                if let mark = header.text, mark.hasPrefix(prefix) { ids.insert(String(mark.dropFirst(prefix.count))) }
            }
            return .goOn
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
