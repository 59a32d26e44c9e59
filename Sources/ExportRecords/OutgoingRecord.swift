public import ExportCore

/// A record to be written to a topic.
public struct OutgoingRecord: Hashable, Sendable {
    /// The record's key.
    public var key: [UInt8]?
    /// The record's value; `nil` for a tombstone.
    public var value: [UInt8]?
    /// The record's headers, in order.
    public var headers: [OriginalRecord.Header]

    /// Creates a record.
    public init(key: [UInt8]?, value: [UInt8]?, headers: [OriginalRecord.Header] = []) {
        self.key = key
        self.value = value
        self.headers = headers
    }
}

extension OriginalRecord.Header {
    init(_ name: String, _ value: String) {
        self.init(name: name, value: Array(value.utf8))
    }
}
