import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka

/// A record of the dead-letter topic.
struct DeadLetterEntry: Sendable {
    /// Its position, `partition/offset`, which identifies it in commands.
    var id: String
    var topic: String
    /// When it was written, in milliseconds since 1970.
    var timestamp: Int64?
    var document: DeadLetterDocument
    /// The job's id, if it is readable.
    var jobID: String?
    /// The partition of the jobs topic to which it is sent again; `nil` lets the key choose.
    var target: Int32?

    /// `nil` for a record that marks another one as replayed.
    init?(_ record: KafkaRecord) {
        guard ReplayMarks.id(markedBy: record) == nil else { return nil }
        id = "\(record.partition)/\(record.offset)"
        topic = record.topic
        timestamp = record.timestamp
        document = DeadLetterDocument(OriginalRecord(record))
        switch JobDecoder().decode(document.original, offset: 0).content {
        case .export(let job): jobID = job.id
        case .cancel(let job, _): jobID = job
        case .pause, .resume:
            jobID = nil
            // Its key is that of the records in every partition.
            target = document.partition
        case .unreadable(let job, _, _, _): jobID = job
        }
    }

    /// The value of the header with which a replayed record names its dead letter.
    var mark: String { "\(topic)/\(id)" }

    var time: String { timestamp.map { Instant(milliseconds: $0).rfc3339 } ?? "-" }

    /// `topic[partition] offset n` of the original record.
    var origin: String {
        guard let topic = document.topic else { return "-" }
        let partition = document.partition.map { "[\($0)]" } ?? ""
        return topic + partition + (document.offset.map { " offset \($0)" } ?? "")
    }
}

/// Formats bytes for people.
enum ByteFormatting {
    /// The text, or `nil` if the bytes are not valid UTF-8.
    static func text(_ bytes: [UInt8]?) -> String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

    /// The text, or the bytes in Base64.
    static func shown(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return "(none)" }
        return text(bytes) ?? "base64:" + Data(bytes).base64EncodedString()
    }
}
