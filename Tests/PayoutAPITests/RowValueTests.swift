import Foundation
import Testing

@testable import PayoutAPI

/// The values of fields that a row's type reads as numbers.
@Suite struct RowValueTests {
    private struct Row<Value: Decodable & Sendable>: ExportRow {
        var value: Value
        enum CodingKeys: String, CodingKey, CaseIterable { case value }
    }

    private struct Maybe<Value: Decodable & Sendable>: ExportRow {
        var value: Value?
        enum CodingKeys: String, CodingKey, CaseIterable { case value }
    }

    private func value<Row: ExportRow>(_ text: String, as type: Row.Type) throws -> Row {
        try RowColumns(header: ["value"], needed: ["value"]).row([text], as: type, number: 1)
    }

    private func isRefused<Value: Decodable & Sendable>(_ text: String, as type: Value.Type) -> Bool {
        let error = #expect(throws: ExportRowError.self) { try value(text, as: Row<Value>.self) }
        return error?.reason == .invalidValue(column: "value", type: "\(Value.self)")
    }

    @Test(arguments: [
        "nan", "NaN", "inf", "-inf", "infinity", "+Infinity", "nan(0x1)", "0x1p3", "0x1F", "1,5", "1 000", "1_000",
        "--1",
        "1e", "e1", "1.2.3", "½", "\u{661}",
    ])
    func otherFormsAreNoNumbers(text: String) {
        #expect(isRefused(text, as: Double.self))
        #expect(isRefused(text, as: Float.self))
        #expect(isRefused(text, as: Decimal.self))
        #expect(isRefused(text, as: Int.self))
        #expect(isRefused(text, as: UInt8.self))
    }

    @Test func numbersBeyondTheTypeAreRefused() {
        #expect(isRefused("1e999", as: Double.self))
        #expect(isRefused("-1e39", as: Float.self))
        #expect(isRefused("1e999", as: Decimal.self))
        #expect(isRefused("256", as: UInt8.self))
        #expect(isRefused("1.5", as: Int.self))
    }

    @Test func decimalsAreRead() throws {
        #expect(try value("-1.5E-3", as: Row<Double>.self).value == -0.0015)
        #expect(try value(" +12.50\t", as: Row<Float>.self).value == 12.5)
        #expect(try value("0.1", as: Row<Decimal>.self).value == Decimal(string: "0.1"))
        #expect(try value("-007", as: Row<Int>.self).value == -7)
    }

    @Test(arguments: ["", " ", "\t "])
    func blankFieldIsNilOrAnError(text: String) throws {
        #expect(try value(text, as: Maybe<Double>.self).value == nil)
        #expect(try value(text, as: Maybe<Decimal>.self).value == nil)
        #expect(try value(text, as: Maybe<Int>.self).value == nil)
        #expect(try value(text, as: Maybe<Date>.self).value == nil)
        #expect(try value(text, as: Maybe<UUID>.self).value == nil)
        #expect(try value(text, as: Maybe<String>.self).value == nil)
        #expect(try value(text, as: Row<String>.self).value == text)
        let error = #expect(throws: ExportRowError.self) { try value(text, as: Row<Double>.self) }
        #expect(error?.reason == .missingValue(column: "value", type: "Double"))
        #expect(error?.description.contains("is empty") == true)
    }
}
