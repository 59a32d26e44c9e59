/// An error, or a probable one, in a filter.
public struct FilterDiagnostic: Sendable, Hashable {
    /// Whether the filter can be sent.
    public enum Severity: String, Sendable, Hashable {
        /// The text is not a filter: the service would refuse it.
        case error
        /// The text is a filter, but probably not the intended one.
        case warning
    }

    /// The kind of mistake. More may be added.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// Nothing but white space.
        case empty
        /// Parentheses nest deeper than ``ODataFilter/maximumDepth``.
        case tooDeep
        /// The text begins with `$filter=`.
        case queryPrefix
        /// The text is percent-encoded already.
        case percentEncoded
        /// Symbols such as `=`, `==` or `>` instead of `eq` or `gt`.
        case symbolOperator
        /// `&&`, `||`, `&` or a comma instead of `and`, `or`.
        case symbolConnective
        /// A keyword that is not in lower case.
        case keywordCase
        /// Double quotes around text.
        case doubleQuotes
        /// Typographic quotes around text.
        case curlyQuotes
        /// Text whose closing quote is missing.
        case unterminatedString
        /// A quote inside text that is not doubled.
        case undoubledQuote
        /// Text without quotes.
        case unquotedText
        /// A date in a form that OData does not know, or a day that does not exist.
        case malformedDate
        /// A number in a form that OData does not know.
        case malformedNumber
        /// No operator after a field's name.
        case missingOperator
        /// No value after an operator.
        case missingValue
        /// No field's name where a comparison must begin.
        case missingField
        /// No `and` or `or` between two comparisons.
        case missingConnective
        /// A parenthesis without its partner.
        case unbalancedParenthesis
        /// OData that the Payout API's filters do not have, such as functions and `not`.
        case unsupported
        /// A character that has no place in a filter.
        case unexpectedCharacter
        /// A missing space.
        case missingSpace
        /// A line break or another control character.
        case controlCharacter
        /// A field that this kind of export does not have.
        case unknownField
        /// A value of another type than the field's.
        case typeMismatch
        /// A value that the field is not documented to take.
        case unknownValue
    }

    /// Whether the filter can be sent.
    public let severity: Severity
    /// The kind of mistake.
    public let code: Code
    /// Where it begins: UTF-8 bytes from the start of the filter, the first being 0.
    public let utf8Offset: Int
    /// Where it begins: characters as people count them, from the start of the filter, the first being 0.
    public let characterOffset: Int
    /// What is wrong and what to write instead.
    public let message: String
}

extension FilterDiagnostic: CustomStringConvertible {
    /// For example `error at character 13: …`; characters are counted from 1 here.
    public var description: String {
        "\(self.severity.rawValue) at character \(self.characterOffset + 1): \(self.message)"
    }
}

/// A diagnostic whose character position is not computed yet.
struct PendingDiagnostic {
    var severity: FilterDiagnostic.Severity
    var code: FilterDiagnostic.Code
    var utf8Offset: Int
    var message: String
    /// The change of the text that removes the diagnostic; nil where the intended meaning is not certain.
    var correction: FilterEdit?
}

/// A part of a filter's text and what replaces it.
struct FilterEdit {
    /// UTF-8 bytes from the start of the filter.
    var range: Range<Int>
    var replacement: String
}

extension Array where Element == PendingDiagnostic {
    /// Adds character positions, walking the text once however many diagnostics there are.
    func located(in text: String) -> [FilterDiagnostic] {
        guard !isEmpty else { return [] }
        let sorted = enumerated().sorted { left, right in
            (left.element.utf8Offset, left.offset) < (right.element.utf8Offset, right.offset)
        }
        var located: [FilterDiagnostic] = []
        located.reserveCapacity(count)
        var index = text.startIndex
        var bytes = 0
        var characters = 0
        for (_, pending) in sorted {
            while index < text.endIndex {
                let next = text.index(after: index)
                let width = text.utf8.distance(from: index, to: next)
                guard bytes + width <= pending.utf8Offset else { break }
                bytes += width
                characters += 1
                index = next
            }
            located.append(
                FilterDiagnostic(
                    severity: pending.severity,
                    code: pending.code,
                    utf8Offset: pending.utf8Offset,
                    characterOffset: characters,
                    message: pending.message
                )
            )
        }
        return located
    }
}
