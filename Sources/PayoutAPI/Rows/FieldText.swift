import Foundation
import HTTPAccess
import Primitives

/// One field of a row, decoded by the type of its property. `RowDecoder` makes it.
struct FieldText: Decoder, SingleValueDecodingContainer {
    let text: String
    let column: String
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    // MARK: Decoder

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw invalid("object")
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw invalid("list") }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    // MARK: Values

    /// A field that is empty, or has blanks only, is nil.
    func decodeNil() -> Bool { isBlank }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch text.trimmingBlanks().lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw invalid("Bool")
        }
    }

    func decode(_ type: String.Type) -> String { text }
    func decode(_ type: Double.Type) throws -> Double { try floatingPoint() }
    func decode(_ type: Float.Type) throws -> Float { try floatingPoint() }
    func decode(_ type: Int.Type) throws -> Int { try number() }
    func decode(_ type: Int8.Type) throws -> Int8 { try number() }
    func decode(_ type: Int16.Type) throws -> Int16 { try number() }
    func decode(_ type: Int32.Type) throws -> Int32 { try number() }
    func decode(_ type: Int64.Type) throws -> Int64 { try number() }
    func decode(_ type: UInt.Type) throws -> UInt { try number() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try number() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try number() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try number() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try number() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // These decode themselves from numbers; files have texts.
        if Decimal.self == type, let value = try decimal() as? Value { return value }
        if Date.self == type, let value = try date() as? Value { return value }
        do {
            return try Value(from: self)
        } catch is DecodingError {
            throw invalid("\(Value.self)")
        }
    }

    /// The text without surrounding blanks where it is a decimal: digits with a sign, a point and an exponent at most. Swift
    /// also reads `nan`, `infinity` and hexadecimal digits, which no file means as numbers.
    private func digits(of type: String) throws -> String {
        let text = text.trimmingBlanks()
        let isDecimal = text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
        }
        guard isDecimal, Double(text) != nil else { throw invalid(type) }
        return text
    }

    private func number<Value: LosslessStringConvertible>() throws -> Value {
        guard let value = Value(try digits(of: "\(Value.self)")) else { throw invalid("\(Value.self)") }
        return value
    }

    /// A number that the type can represent: others would become infinite.
    private func floatingPoint<Value: BinaryFloatingPoint & LosslessStringConvertible>() throws -> Value {
        let value: Value = try number()
        guard value.isFinite else { throw invalid("\(Value.self)") }
        return value
    }

    /// All of the text must be a number; `Decimal` itself stops at the first other character.
    private func decimal() throws -> Decimal {
        guard let value = Decimal(string: try digits(of: "Decimal")), value.isFinite else { throw invalid("Decimal") }
        return value
    }

    private func date() throws -> Date {
        guard let date = Date(serviceText: text.trimmingBlanks()) else { throw invalid("Date") }
        return date
    }

    private var isBlank: Bool { text.trimmingBlanks().isEmpty }

    private func invalid(_ type: String) -> InvalidField {
        let reason: ExportRowError.Reason =
            isBlank ? .missingValue(column: column, type: type) : .invalidValue(column: column, type: type)
        return InvalidField(reason: reason)
    }
}
