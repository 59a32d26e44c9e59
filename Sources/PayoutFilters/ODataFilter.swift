/// The part of OData v4's `$filter` that the Payout API takes: comparisons with `eq ne gt ge lt le`, joined with
/// `and` and `or`, grouped with parentheses.
public enum ODataFilter {
    /// The longest filter that is worth parsing, in UTF-8 bytes. Callers that take filters from others check it.
    public static let maximumLength = 8 * 1024

    /// How deep parentheses may nest.
    public static let maximumDepth = 64

    /// Reads a filter. Time is linear in the text's length, and every text has an answer.
    ///
    /// - Parameter text: The filter as the API takes it, not percent-encoded.
    /// - Returns: The expression and what was wrong with the text.
    public static func parse(_ text: String) -> ParsedFilter {
        ParsedFilter(text: text, kind: nil)
    }

    /// Reads a filter and checks its fields and values against an export's kind.
    ///
    /// - Parameters:
    ///   - text: The filter as the API takes it, not percent-encoded.
    ///   - kind: The export that the filter is for.
    /// - Returns: The expression and what was wrong with the text.
    public static func parse(_ text: String, for kind: PayoutKind) -> ParsedFilter {
        ParsedFilter(text: text, kind: kind)
    }

    /// Says what is wrong with a filter. Nothing is wrong when the answer is empty; it can be sent when the answer
    /// has warnings only.
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
    /// What the filter says; nil when the text is not well-formed.
    public let expression: FilterExpression?
    /// What is wrong with the text, in the text's order.
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
        self.diagnostics = pending.located(in: text)
        self.expression = self.diagnostics.contains { $0.severity == .error } ? nil : expression
    }

    /// Whether the text can be sent as a filter.
    public var isWellFormed: Bool { self.expression != nil }

    /// The diagnostics that keep the filter from being sent.
    public var errors: [FilterDiagnostic] { self.diagnostics.filter { $0.severity == .error } }

    /// The diagnostics that do not keep the filter from being sent.
    public var warnings: [FilterDiagnostic] { self.diagnostics.filter { $0.severity == .warning } }
}
