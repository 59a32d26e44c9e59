public import ExportCore

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
