/// A query or a form's body (`application/x-www-form-urlencoded`): names and values in their order.
public struct FormFields: Sendable {
    /// The fields, decoded.
    public private(set) var pairs: [(name: String, value: String)] = []

    /// Reads a text strictly; a field without `=` has an empty value, `+` is a space.
    ///
    /// - Returns: Nil when an escape is broken or the decoded bytes are not UTF-8.
    public init?(_ text: some StringProtocol) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? PercentEncoding.decoded(parts[1], plusIsSpace: true) : ""
            else { return nil }
            pairs.append((name, value))
        }
    }

    /// The first value of `name`.
    public subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// How many fields have the name.
    public func count(of name: String) -> Int {
        pairs.count { $0.name == name }
    }

    /// `name=value&…`, everything percent-encoded but unreserved characters.
    public static func encoded(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\($0.name.percentEncoded())=\($0.value.percentEncoded())" }.joined(separator: "&")
    }
}
