/// The part of OData v4's `$filter` that the Payout API takes: comparisons with `eq ne gt ge lt le`, joined with
/// `and` and `or`, grouped with parentheses.
public enum ODataFilter {
    /// The longest filter that callers should parse, in UTF-8 bytes. Callers with filters from other systems check it.
    public static let maximumLength = 8 * 1024

    /// How deep parentheses may nest.
    public static let maximumDepth = 64

    /// Parses a filter. Time is linear in the text's length, and every text has a result.
    ///
    /// - Parameter text: The filter as the API takes it, not percent-encoded.
    /// - Returns: The expression and the diagnostics of the text.
    public static func parse(_ text: String) -> ParsedFilter {
        ParsedFilter(text: text, kind: nil)
    }

    /// Reads a filter and checks its fields and values against an export's kind.
    ///
    /// - Parameters:
    ///   - text: The filter as the API takes it, not percent-encoded.
    ///   - kind: The export that the filter is for.
    /// - Returns: The expression and the diagnostics of the text.
    public static func parse(_ text: String, for kind: PayoutKind) -> ParsedFilter {
        ParsedFilter(text: text, kind: kind)
    }

    /// Returns a filter's diagnostics. The filter can be sent when they are empty or only warnings.
    ///
    /// - Parameters:
    ///   - text: The filter as the API takes it, not percent-encoded.
    ///   - kind: The export that the filter is for.
    public static func lint(_ text: String, for kind: PayoutKind) -> [FilterDiagnostic] {
        ParsedFilter(text: text, kind: kind).diagnostics
    }
}

/// A filter that has been read.
public struct ParsedFilter: Sendable, Hashable {
    /// The filter's meaning; nil when the text is not well-formed.
    public let expression: FilterExpression?
    /// The diagnostics, in the text's order.
    public let diagnostics: [FilterDiagnostic]

    init(text: String, kind: PayoutKind?) {
        var parser = FilterParser(text)
        let expression = parser.parseFilter()
        var pending = parser.diagnostics
        if let kind {
            for site in parser.sites {
                let room = 2 * FilterParser.maximumDiagnostics - pending.count
                guard room > 0 else { break }
                pending.append(contentsOf: lintComparison(site, for: kind).prefix(room))
            }
        }
        diagnostics = pending.located(in: text)
        self.expression = diagnostics.contains { $0.severity == .error } ? nil : expression
    }

    /// Whether the text can be sent as a filter.
    public var isWellFormed: Bool { self.expression != nil }

    /// The errors: with one of them the filter cannot be sent.
    public var errors: [FilterDiagnostic] { diagnostics.filter { $0.severity == .error } }

    /// The warnings: the filter can be sent with them.
    public var warnings: [FilterDiagnostic] { diagnostics.filter { $0.severity == .warning } }
}
