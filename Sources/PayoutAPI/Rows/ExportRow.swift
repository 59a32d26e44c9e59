/// A row of an export's file: a `Decodable` type whose coding keys are names of columns.
///
/// ```swift
/// struct Payment: ExportRow {
///     var paymentId: String
///     var totalPayment: Decimal
///     var currencyCode: String?
///
///     enum CodingKeys: String, CodingKey, CaseIterable {
///         case paymentId, totalPayment, currencyCode
///     }
/// }
/// ```
///
/// Every key must be in the file's header, in any order and without regard to case; further columns are ignored. A field
/// that is empty or has blanks only is nil for an optional property, and an error for one that is not optional, unless that is a
/// `String`. Numbers are decimals, with a point and an exponent if they have one; `nan`, `inf` and hexadecimal digits are no
/// numbers. Dates are as in ISO 8601. Blanks around a number, a date or a `Bool` are ignored.
public protocol ExportRow: Decodable, Sendable {
    /// The columns that the type needs.
    associatedtype CodingKeys: CodingKey, CaseIterable
}

/// Why the rows of a file cannot be read. The rows before have been returned.
public struct ExportRowError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why. More cases may be added.
    public enum Reason: Sendable, Hashable {
        /// The file is empty.
        case noHeader
        /// The header lacks these columns.
        case missingColumns([String])
        /// The header has these columns more than once.
        case repeatedColumns([String])
        /// The row has another number of fields than the header.
        case wrongFieldCount(expected: Int, found: Int)
        /// The field of this column is not of the property's type.
        case invalidValue(column: String, type: String)
        /// The field of this column is empty, and the property is not optional.
        case missingValue(column: String, type: String)
        /// The row has more than this many fields.
        case tooManyFields(limit: Int)
        /// The row is longer than this many bytes.
        case rowTooLong(limit: Int)
        /// The file ends within a quoted field.
        case unterminatedQuote
        /// The file is not text, or its encoding is unknown.
        case invalidText
    }

    /// Why.
    public let reason: Reason
    /// The row's number, the first after the header is 1; 0 for the header.
    public let row: Int64

    /// What is wrong, and where. Holds no value of the file.
    public var description: String {
        let problem =
            switch reason {
            case .noHeader: "the file is empty"
            case .missingColumns(let names): "the header lacks \(names.joined(separator: ", "))"
            case .repeatedColumns(let names): "the header repeats \(names.joined(separator: ", "))"
            case .wrongFieldCount(let expected, let found): "it has \(found) fields, the header has \(expected)"
            case .invalidValue(let column, let type): "the field of \(column) is not a valid \(type)"
            case .missingValue(let column, let type): "the field of \(column) is empty, but its \(type) is not optional"
            case .tooManyFields(let limit): "it has more than \(limit) fields"
            case .rowTooLong(let limit): "it has more than \(limit) bytes"
            case .unterminatedQuote: "the file ends within a quoted field"
            case .invalidText: "the file is not text, or its encoding is unknown"
            }
        return row == 0 ? "The rows cannot be read: \(problem)." : "Row \(row) cannot be read: \(problem)."
    }
}
