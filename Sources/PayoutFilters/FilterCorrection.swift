extension ODataFilter {
    /// Rewrites what people paste as a filter, where its meaning is certain: `=` and other symbols to OData's operators, `&&`
    /// and `||` to `and` and `or`, foreign quotes to straight single ones, a leading `$filter=`, the case of fields and
    /// keywords, dates and numbers in quotes, an id's digits without quotes, line breaks and no-break spaces.
    ///
    /// A text with any other mistake is left as it is, and refused by its diagnostics.
    ///
    /// - Parameters:
    ///   - text: The filter as it was given, not percent-encoded.
    ///   - kind: The export that the filter is for; nil if it is not known. Fields are then not checked.
    public static func correct(_ text: String, for kind: PayoutKind?) -> CorrectedFilter {
        let parsed = ParsedFilter(text: text, kind: kind)
        let unchanged = CorrectedFilter(text: text, corrections: [], parsed: parsed)
        guard !parsed.diagnostics.isEmpty, let first = pass(text, kind) else { return unchanged }
        var rewritten = first.text
        // A quote that was corrected may reveal a date in quotes.
        for _ in 0..<2 { rewritten = pass(rewritten, kind)?.text ?? rewritten }
        let result = ParsedFilter(text: rewritten, kind: kind)
        guard result.isWellFormed else { return unchanged }
        return CorrectedFilter(text: rewritten, corrections: first.corrections.located(in: text), parsed: result)
    }

    /// Applies all corrections of a text; nil if there are none, or a mistake without one.
    private static func pass(_ text: String, _ kind: PayoutKind?) -> (text: String, corrections: [PendingDiagnostic])? {
        var parser = FilterParser(text, isCorrecting: true)
        guard parser.parseFilter() != nil else { return nil }
        var pending = parser.diagnostics
        if let kind { pending += parser.sites.flatMap { lintComparison($0, for: kind) } }
        let corrections = pending.filter { $0.correction != nil }
        guard !corrections.isEmpty, pending.allSatisfy({ $0.severity == .warning || $0.correction != nil }) else {
            return nil
        }
        return (applying(corrections.compactMap(\.correction), to: text), corrections)
    }

    private static func applying(_ edits: [FilterEdit], to text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            // A literal in foreign quotes may have a second correction, which the next pass applies.
            guard edit.range.lowerBound >= position else { continue }
            result += bytes[position..<edit.range.lowerBound]
            result += edit.replacement.utf8
            position = edit.range.upperBound
        }
        result += bytes[position...]
        return trimmed(result)
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = bytes.firstIndex { !isBlank($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}

/// A filter after ``ODataFilter/correct(_:for:)``.
public struct CorrectedFilter: Sendable, Hashable {
    /// The filter to send if ``parsed`` is well-formed: the given text, or what it was rewritten to.
    public let text: String
    /// The mistakes of the given text that were corrected; empty if it was not rewritten.
    public let corrections: [FilterDiagnostic]
    /// The reading of ``text``. Its errors say why it is refused.
    public let parsed: ParsedFilter

    /// Whether ``text`` differs from the given text.
    public var isRewritten: Bool { !corrections.isEmpty }
}
