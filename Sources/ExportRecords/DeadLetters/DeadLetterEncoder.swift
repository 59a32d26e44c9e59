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
