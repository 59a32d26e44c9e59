/// A comparison operator of OData v4.
public enum FilterOperator: String, Sendable, Hashable, CaseIterable {
    /// Equal.
    case eq
    /// Not equal.
    case ne
    /// Greater than.
    case gt
    /// Greater than or equal.
    case ge
    /// Less than.
    case lt
    /// Less than or equal.
    case le
}

/// The right side of a comparison.
public enum FilterLiteral: Sendable, Hashable {
    /// Text, without its quotes and with doubled quotes undone.
    case string(String)
    /// A number as it was written.
    case number(String)
    /// A date or date-time as it was written.
    case dateTime(String)
    /// `true` or `false`.
    case boolean(Bool)
    /// `null`.
    case null
}

/// One field compared with one value.
public struct FilterComparison: Sendable, Hashable {
    /// The field's name.
    public let field: String
    /// How the two are compared.
    public let op: FilterOperator
    /// What the field is compared with.
    public let value: FilterLiteral

    /// Creates a comparison without checks.
    public init(field: String, op: FilterOperator, value: FilterLiteral) {
        self.field = field
        self.op = op
        self.value = value
    }
}

/// A filter's meaning.
///
/// Chains of `and` and `or` are kept flat, so that the depth of the tree is bounded by the depth of parentheses.
public indirect enum FilterExpression: Sendable, Hashable {
    /// One comparison.
    case comparison(FilterComparison)
    /// All of these hold: joined with `and`.
    case all([FilterExpression])
    /// Any of these holds: joined with `or`.
    case any([FilterExpression])
}

extension FilterLiteral: CustomStringConvertible {
    /// The literal as a filter spells it.
    public var description: String {
        switch self {
        case .string(let text): quotedODataString(text)
        case .number(let text), .dateTime(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }
}

extension FilterComparison: CustomStringConvertible {
    /// The comparison as a filter spells it.
    public var description: String { "\(self.field) \(self.op.rawValue) \(self.value)" }
}

extension FilterExpression: CustomStringConvertible {
    /// The expression as a filter's text, with only the necessary parentheses.
    public var description: String {
        switch self {
        case .comparison(let comparison):
            comparison.description
        case .all(let terms):
            terms.map { if case .any = $0 { "(\($0))" } else { $0.description } }.joined(separator: " and ")
        case .any(let terms):
            terms.map(\.description).joined(separator: " or ")
        }
    }

    /// Every comparison in the expression, from left to right.
    public var comparisons: [FilterComparison] {
        switch self {
        case .comparison(let comparison): [comparison]
        case .all(let terms), .any(let terms): terms.flatMap(\.comparisons)
        }
    }
}

/// Text in single quotes, quotes inside it doubled.
func quotedODataString(_ text: String) -> String {
    var quoted = "'"
    quoted.reserveCapacity(text.utf8.count + 2)
    for scalar in text.unicodeScalars {
        if scalar == "'" { quoted.unicodeScalars.append("'") }
        quoted.unicodeScalars.append(scalar)
    }
    quoted.append("'")
    return quoted
}
