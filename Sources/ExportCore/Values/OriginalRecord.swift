/// A record of the jobs topic, bytes unchanged.
public struct OriginalRecord: Hashable, Sendable {
    /// A header of a record.
    public struct Header: Hashable, Sendable {
        /// The header's name.
        public var name: String
        /// The header's value; `nil` for a null value.
        public var value: [UInt8]?

        /// Creates a header.
        public init(name: String, value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// The record's key.
    public var key: [UInt8]?
    /// The record's value.
    public var value: [UInt8]?
    /// The record's headers, in order.
    public var headers: [Header]
    /// What was too large to be copied.
    public var omitted: OmittedParts

    /// Creates a record.
    public init(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [Header] = [],
        omitted: OmittedParts = OmittedParts()
    ) {
        self.key = key
        self.value = value
        self.headers = headers
        self.omitted = omitted
    }

    /// The size of all headers, names and values, in bytes.
    package var headerBytes: Int { headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) } }

    /// The size of key, value and headers, in bytes.
    public var byteCount: Int { (key?.count ?? 0) + (value?.count ?? 0) + headerBytes }
}

/// The sizes of a record's parts that were too large to be copied, in bytes; `nil` for a part that is complete, 0 for
/// one of unknown size.
public struct OmittedParts: Hashable, Sendable {
    /// The value's size.
    public var value: Int?
    /// The size of all headers, names and values.
    public var headers: Int?
    /// The key's size.
    public var key: Int?

    /// Creates the sizes.
    public init(value: Int? = nil, headers: Int? = nil, key: Int? = nil) {
        self.value = value
        self.headers = headers
        self.key = key
    }

    /// Whether every part is complete.
    public var isEmpty: Bool { value == nil && headers == nil && key == nil }
}
