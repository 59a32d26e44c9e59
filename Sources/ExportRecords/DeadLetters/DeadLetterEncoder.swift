public import ExportCore

/// Encodes dead letters: the unchanged key, value and headers, and headers for the source and the reason, with
/// the names of KIP-1191.
public struct DeadLetterEncoder: Sendable {
    private let topic: String
    private let groupID: String

    /// The longest reason in the smallest form, in bytes.
    static let leastReasonBytes = 200

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - topic: The jobs topic.
    ///   - groupID: The consumer group.
    public init(topic: String, groupID: String) {
        self.topic = topic
        self.groupID = groupID
    }

    /// Encodes a dead letter in its form.
    ///
    /// Headers of an earlier stay in a dead-letter topic are replaced.
    public func encode(_ letter: DeadLetter) -> OutgoingRecord {
        let original = letter.original
        let valueSize = original.omitted.value ?? (letter.form >= .reduced ? original.value?.count : nil)
        let leavesHeaders = letter.form >= .short && !original.headers.isEmpty
        let headersSize = original.omitted.headers ?? (leavesHeaders ? original.headerBytes : nil)
        let keySize = original.omitted.key ?? (letter.form >= .least ? original.key?.count : nil)
        let reason = letter.form >= .least ? letter.reason.truncated(toBytes: Self.leastReasonBytes) : letter.reason
        let kept = headersSize == nil ? original.headers.filter { DeadLetterHeader(rawValue: $0.name) == nil } : []
        return OutgoingRecord(
            key: keySize == nil ? original.key : nil,
            value: valueSize == nil ? original.value : nil,
            headers: kept + [
                header(.topic, topic),
                header(.partition, String(letter.partition)),
                header(.offset, String(letter.offset)),
                header(.group, groupID),
                header(.message, reason),
            ] + omission("value", valueSize, .valueOmitted, .valueSize)
                + omission("headers", headersSize, .headersOmitted, .headersSize)
                + omission("key", keySize, .keyOmitted, .keySize)
        )
    }

    private func omission(
        _ part: String,
        _ size: Int?,
        _ name: DeadLetterHeader,
        _ sizeName: DeadLetterHeader
    ) -> [OriginalRecord.Header] {
        guard let size else { return [] }
        let notice = header(name, "The \(part) is too large for this topic; read the record at the offset given")
        // The size of a record that is no longer in memory is unknown.
        return size == 0 ? [notice] : [notice, header(sizeName, String(size))]
    }

    private func header(_ name: DeadLetterHeader, _ value: String) -> OriginalRecord.Header {
        OriginalRecord.Header(name.rawValue, value)
    }
}

extension OriginalRecord {
    /// The size of all headers, names and values.
    var headerBytes: Int { headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) } }
}

/// The headers that a dead letter has beside the original ones.
enum DeadLetterHeader: String, CaseIterable {
    case topic = "__dlq.errors.topic"
    case partition = "__dlq.errors.partition"
    case offset = "__dlq.errors.offset"
    case group = "__dlq.errors.group"
    case message = "__dlq.errors.message"
    case valueOmitted = "__dlq.errors.value.omitted"
    case valueSize = "__dlq.errors.value.size"
    case headersOmitted = "__dlq.errors.headers.omitted"
    case headersSize = "__dlq.errors.headers.size"
    case keyOmitted = "__dlq.errors.key.omitted"
    case keySize = "__dlq.errors.key.size"
}

/// A decoded dead letter, for people and for replay.
public struct DeadLetterDocument: Hashable, Sendable {
    /// The record as it was in its topic, without the dead letter's own headers. Its `omitted` names
    /// what the dead letter lacks.
    public var original: OriginalRecord
    /// The topic it was read from.
    public var topic: String?
    /// Its partition there.
    public var partition: Int32?
    /// Its offset there.
    public var offset: Int64?
    /// The consumer group that refused it.
    public var groupID: String?
    /// Why it was refused.
    public var reason: String?

    /// Reads a record of the dead-letter topic. Values without a header stay `nil`.
    public init(_ record: OriginalRecord) {
        original = record
        original.headers.removeAll { DeadLetterHeader(rawValue: $0.name) != nil }
        func text(_ name: DeadLetterHeader) -> String? {
            record.headers.last { $0.name == name.rawValue }?.value.flatMap { String(validating: $0, as: UTF8.self) }
        }
        func omitted(_ name: DeadLetterHeader, _ size: DeadLetterHeader) -> Int? {
            text(name) == nil ? nil : text(size).flatMap { Int($0) } ?? 0
        }
        topic = text(.topic)
        partition = text(.partition).flatMap(Int32.init)
        offset = text(.offset).flatMap(Int64.init)
        groupID = text(.group)
        reason = text(.message)
        original.omitted = OmittedParts(
            value: omitted(.valueOmitted, .valueSize),
            headers: omitted(.headersOmitted, .headersSize),
            key: omitted(.keyOmitted, .keySize)
        )
    }
}
