import ExportCore
import ExportRecords
import Foundation
import KafkaClient

/// A record of the dead-letter topic.
struct DeadLetterEntry: Sendable {
    /// Where it stands: `partition/offset`, by which commands name it.
    var id: String
    var topic: String
    /// When it was written, in milliseconds since 1970.
    var timestamp: Int64?
    var document: DeadLetterDocument
    /// The job's id, where that much can be read.
    var jobID: String?

    /// `nil` for a record that only marks another as sent again.
    init?(_ record: KafkaRecord) {
        guard ReplayMarks.id(markedBy: record) == nil else { return nil }
        id = "\(record.partition)/\(record.offset)"
        topic = record.topic
        timestamp = record.timestamp
        let headers = record.headers.map { OriginalRecord.Header(name: $0.name, value: $0.value) }
        document = DeadLetterDocument(OriginalRecord(key: record.key, value: record.value, headers: headers))
        switch JobDecoder().decode(document.original, offset: 0).content {
        case .export(let job): jobID = job.id
        case .cancel(let job, _): jobID = job
        case .unreadable(let job, _, _, _): jobID = job
        }
    }

    /// How a replayed record says where it came from.
    var mark: String { "\(topic)/\(id)" }

    var time: String { timestamp.map { Instant(milliseconds: $0).rfc3339 } ?? "-" }

    /// `topic[partition] offset n`, where the record stood first.
    var origin: String {
        guard let topic = document.topic else { return "-" }
        let partition = document.partition.map { "[\($0)]" } ?? ""
        return topic + partition + (document.offset.map { " offset \($0)" } ?? "")
    }
}

/// Bytes as people can read them.
enum ReadableBytes {
    /// The text, or `nil` when the bytes are none.
    static func text(_ bytes: [UInt8]?) -> String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

    /// The text, or the bytes in base 64.
    static func shown(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return "(none)" }
        return text(bytes) ?? "base64:" + Data(bytes).base64EncodedString()
    }
}
