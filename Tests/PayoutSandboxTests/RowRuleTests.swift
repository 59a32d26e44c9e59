import Foundation
import Testing

@testable import PayoutSandbox

/// The rows of a file satisfy the filter of its export.
@Suite struct RowRuleTests {
    typealias Kind = PayoutSandbox.ExportFacts.Kind
    typealias Row = [String: String]

    struct Selection: Sendable, CustomTestStringConvertible {
        var kind: Kind
        var filter: String
        var holds: @Sendable (Row) -> Bool

        var testDescription: String { filter }
    }

    /// The rows of a file of this size.
    private func rows(_ kind: Kind, _ filter: String, size: Int = 150_000, isTSV: Bool = false) throws -> [Row] {
        let rules = try RowRule.rules(of: filter, kind: kind)
        let source = RowSource(kind: kind, isTSV: isTSV, seed: 7, size: size, rules: rules)
        var bytes: [UInt8] = []
        while bytes.count < source.count { bytes += source.chunk(at: bytes.count) }
        #expect(rules.isEmpty || bytes.count == size)
        var records = Self.records(String(decoding: bytes, as: UTF8.self), isTSV ? "\t" : ",")
        let header = records.removeFirst()
        return records.map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
    }

    /// RFC 4180, enough for what the sandbox writes.
    private static func records(_ text: String, _ separator: Character) -> [[String]] {
        var (records, record, field, isQuoted) = ([[String]](), [String](), "", false)
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case separator where !isQuoted:
                record.append(field)
                field = ""
            case "\n" where !isQuoted:
                records.append(record + [field])
                (record, field) = ([], "")
            default: field.append(character)
            }
        }
        return records
    }

    static let selections: [Selection] = [
        Selection(kind: .payments, filter: "payoutStatusUpdateTS ge 2026-10-01 and payoutStatusUpdateTS lt 2026-11-01")
        {
            $0["payoutStatusUpdateTS", default: ""].hasPrefix("2026-10-")
        },
        Selection(
            kind: .transactionHistory,
            filter: "earningForDate gt 2025-12-31T22:59:59.5Z and earningForDate le 2025-12-31T23:00:00Z"
        ) {
            $0["earningDate"] == "2025-12-31T23:00:00Z"
        },
        Selection(kind: .transactionHistory, filter: "earningForDate ge 2031-01-01") {
            $0["earningDate", default: ""] >= "2031-01-01"
        },
        Selection(
            kind: .payments,
            filter: "enrollmentParticipantId eq '1234567' and programName eq 'O''Neill, \"Söhne\"'"
        ) {
            $0["participantId"] == "1234567" && $0["programName"] == "O'Neill, Söhne"
        },
        Selection(kind: .payments, filter: "enrollmentParticipantId eq 4000007 or enrollmentParticipantId eq 8") {
            ["4000007", "8"].contains($0["participantId"])
        },
        Selection(kind: .payments, filter: "paymentAmount gt 100.29 and paymentAmount le 100.31") {
            ["100.30", "100.31"].contains($0["totalPayment"])
        },
        Selection(kind: .payments, filter: "paymentAmount lt -1e3 and paymentAmount ge -1000.02") {
            ["-1000.01", "-1000.02"].contains($0["totalPayment"])
        },
        Selection(kind: .transactionHistory, filter: "transactionAmount ge 5 and earningAmount le 0.29") {
            (Double($0["transactionAmount"] ?? "") ?? 0) >= 5 && (Double($0["earningAmount"] ?? "") ?? 1) <= 0.29
        },
        Selection(kind: .transactionHistory, filter: "not (payoutStatus eq 'SENT' or payableSubType ne 'FEE')") {
            $0["payoutStatus"] != "SENT" && $0["payableSubType"] == "FEE"
        },
        Selection(
            kind: .transactionHistory,
            filter: "(leverCode ne 'CSP Direct Partner: Core' or engagementName eq 'x') and payoutStatus gt 'SENT'"
        ) {
            ($0["lever"] != "CSP Direct Partner: Core" || $0["engagementName"] == "x")
                && $0["payoutStatus"] == "UPCOMING"
        },
        Selection(kind: .payments, filter: "payoutOrderType ne null and paymentId eq '77'") { $0["paymentId"] == "77" },
    ]

    @Test(arguments: selections)
    func rowsSatisfyTheFilter(selection: Selection) throws {
        for isTSV in [false, true] {
            let rows = try rows(selection.kind, selection.filter, isTSV: isTSV)
            #expect(rows.count > 100)
            #expect(rows.allSatisfy(selection.holds), "\(rows.first { !selection.holds($0) } ?? [:])")
        }
    }

    @Test(arguments: [
        "payoutStatusUpdateTS ge 2026-11-01 and payoutStatusUpdateTS lt 2026-10-01", "paymentAmount eq 1.005",
        "paymentAmount gt 1 and paymentAmount lt 1.01", "paymentId eq 'a' and paymentId eq 'b'", "paymentId eq null",
        "paymentAmount eq 1 and paymentAmount ne 1.00",
    ])
    func filtersThatNoRowSatisfiesYieldTheHeaderAlone(filter: String) throws {
        #expect(try rows(.payments, filter).isEmpty)
    }

    @Test func oneOfManyAlternativesIsFound() throws {
        let impossible = (0..<200).map { "(paymentId eq '\($0)' and paymentId eq 'x')" }.joined(separator: " or ")
        #expect(try rows(.payments, "\(impossible) or paymentId eq '5'").allSatisfy { $0["paymentId"] == "5" })
    }

    @Test func longTextsOfAFilterKeepTheSizeOfTheFile() throws {
        let text = String(repeating: "\"", count: 4_000)
        #expect(try !rows(.payments, "programName eq '\(text)'", size: 200_000).isEmpty)
    }

    @Test(arguments: ["paymentAmount", "paymentAmount eq 'x'", "colour eq 'red'", "paymentId eq 'a"])
    func filtersThatCannotBeReadHaveNoRules(filter: String) throws {
        var cache = RowRuleCache()
        let error = #expect(throws: ServiceError.self) { try cache.rules(of: filter, kind: .payments) }
        #expect(error?.status == 400)
        #expect(try cache.rules(of: "", kind: .payments) == nil)
    }

    @Test func cachedRulesAreThoseOfTheirFilterAndKind() throws {
        var cache = RowRuleCache()
        var random = SplitMix64(seed: 1)
        // More filters than are kept, each read again.
        for number in (0..<100).flatMap({ [$0, $0] }) {
            let rules = try #require(try cache.rules(of: "paymentId eq '\(number)'", kind: .payments))
            #expect(rules.map { $0.text(.paymentId, using: &random) } == ["\(number)"])
        }
        #expect(try cache.rules(of: "paymentAmount gt 5", kind: .payments)?.count == 1)
        #expect(throws: ServiceError.self) { try cache.rules(of: "paymentAmount gt 5", kind: .transactionHistory) }
    }

    @Test(
        arguments: [
            ("1", 100, true), ("-1", -100, true), ("+0.5", 50, true), ("1e3", 100_000, true), ("0.29", 29, true),
            ("1.25e-1", 12, false), ("-1.25e-1", -13, false), ("12345678901.23", 1_234_567_890_123, true),
            ("1e400", 1_000_000_000_000_000, true), ("-1e15", -1_000_000_000_000_000, true),
        ] as [(String, Int64, Bool)]
    )
    func numbersAreReadInHundredths(text: String, hundredths: Int64, isExact: Bool) throws {
        let number = try #require(FilterAmount(text))
        #expect(number.hundredths == hundredths)
        #expect(number.isExact == isExact)
    }
}
