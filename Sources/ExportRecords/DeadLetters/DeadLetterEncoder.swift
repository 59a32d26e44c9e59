public import ExportCore

/// Writes dead letters: key, value and headers as they came, and beside them where from and why, under
/// the names of KIP-1191.
public struct DeadLetterEncoder: Sendable {
    private let topic: String
    private let groupID: String

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - topic: The jobs topic.
    ///   - groupID: The consumer group.
    public init(topic: String, groupID: String) {
        self.topic = topic
        self.groupID = groupID
    }

    /// A dead letter's record for the dead-letter topic.
    ///
    /// Headers of an earlier stay in a dead-letter topic are replaced.
    public func encode(_ letter: DeadLetter) -> OutgoingRecord {
        let headers = letter.original.headers.filter { DeadLetterHeader(rawValue: $0.name) == nil }
        return OutgoingRecord(
            key: letter.original.key,
            value: letter.original.value,
            headers: headers + [
                header(.topic, topic),
                header(.partition, String(letter.partition)),
                header(.offset, String(letter.offset)),
                header(.group, groupID),
                header(.message, letter.reason),
            ]
        )
    }

    private func header(_ name: DeadLetterHeader, _ value: String) -> OriginalRecord.Header {
        OriginalRecord.Header(name.rawValue, value)
    }
}

/// The headers that a dead letter has beside the original ones.
enum DeadLetterHeader: String, CaseIterable {
    case topic = "__dlq.errors.topic"
    case partition = "__dlq.errors.partition"
    case offset = "__dlq.errors.offset"
    case group = "__dlq.errors.group"
    case message = "__dlq.errors.message"
}

/// A dead letter as it is read back, for people and for replay.
public struct DeadLetterDocument: Hashable, Sendable {
    /// The record as it was in its topic, without the dead letter's own headers.
    public var original: OriginalRecord
    /// The topic it was read from.
    public var topic: String?
    /// Its partition there.
    public var partition: Int32?
    /// Its offset there.
    public var offset: Int64?
    /// The consumer group that could not read it.
    public var groupID: String?
    /// Why it could not be read.
    public var reason: String?

    /// Reads a record of the dead-letter topic. What its headers do not say stays `nil`.
    public init(_ record: OriginalRecord) {
        original = record
        original.headers.removeAll { DeadLetterHeader(rawValue: $0.name) != nil }
        func text(_ name: DeadLetterHeader) -> String? {
            record.headers.last { $0.name == name.rawValue }?.value.flatMap { String(validating: $0, as: UTF8.self) }
        }
        topic = text(.topic)
        partition = text(.partition).flatMap(Int32.init)
        offset = text(.offset).flatMap(Int64.init)
        groupID = text(.group)
        reason = text(.message)
    }
}
