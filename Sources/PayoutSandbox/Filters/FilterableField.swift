import Primitives

/// A field that a filter can name, of either kind of export.
enum FilterableField: String, CaseIterable, Sendable {
    case enrollmentParticipantId, paymentId, earningForDate, programName, leverCode, engagementName, payableSubType
    case payoutStatus, transactionAmount, earningAmount, payoutStatusUpdateTS, payoutOrderType, paymentAmount

    enum Values {
        case text
        /// The documents of the service disagree whether it is text or a number.
        case textOrNumber
        case number
        case date
    }

    var values: Values {
        switch self {
        case .enrollmentParticipantId: .textOrNumber
        case .earningForDate, .payoutStatusUpdateTS: .date
        case .transactionAmount, .earningAmount, .paymentAmount: .number
        case .paymentId, .programName, .leverCode, .engagementName, .payableSubType, .payoutStatus, .payoutOrderType:
            .text
        }
    }
}

extension PayoutSandbox.ExportFacts.Kind {
    /// The documented fields of a kind.
    var fields: [FilterableField] {
        switch self {
        case .transactionHistory:
            [
                .enrollmentParticipantId, .paymentId, .earningForDate, .programName, .leverCode, .engagementName,
                .payableSubType, .payoutStatus, .transactionAmount, .earningAmount,
            ]
        case .payments:
            [
                .enrollmentParticipantId, .paymentId, .programName, .payoutStatusUpdateTS, .payoutOrderType,
                .paymentAmount,
            ]
        }
    }

    /// Why the service refuses a comparison; nil for a valid one. Names are compared with regard to case.
    func problem(with term: FilterTerm) -> String? {
        guard let field = FilterableField(rawValue: term.field), fields.contains(field) else {
            return "Could not find a property named '\(term.field)' on \(rawValue)."
        }
        let isValid =
            switch (field.values, term.value) {
            case (_, .null): true
            case (.text, .text), (.textOrNumber, .text): true
            case (.textOrNumber, .bare(let text)), (.number, .bare(let text)): FilterAmount(text) != nil
            case (.date, .bare(let text)): Timestamp(filterLiteral: text) != nil
            default: false
            }
        return isValid ? nil : "The value of '\(term.field)' has another type than the property."
    }
}

/// A number of a filter in hundredths.
struct FilterAmount {
    /// Rounded down.
    var hundredths: Int64
    /// Whether nothing was rounded.
    var isExact: Bool

    /// Reads a number; nil for other texts. Numbers beyond ±10^13 become the nearest of these.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text) else {
            return nil
        }
        // Through the digits of the text, because many hundredths have no exact binary form.
        let parts = text.lowercased().split(separator: "e", maxSplits: 1)
        let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
        guard abs(value) < 1e13, abs(exponent) < 400 else {
            (hundredths, isExact) = (value < 0 ? -1_000_000_000_000_000 : 1_000_000_000_000_000, true)
            return
        }
        let isNegative = parts[0].hasPrefix("-")
        let decimal = parts[0].drop { $0 == "-" || $0 == "+" }.split(separator: ".", omittingEmptySubsequences: false)
        let digits = decimal.joined().utf8.map { Int64($0 - UInt8(ascii: "0")) }
        let point = (decimal.first?.utf8.count ?? 0) + exponent + 2
        var magnitude: Int64 = 0
        for index in 0..<max(0, point) { magnitude = magnitude * 10 + (index < digits.count ? digits[index] : 0) }
        isExact = !digits.dropFirst(max(0, point)).contains { $0 != 0 }
        hundredths = isNegative ? (isExact ? -magnitude : -magnitude - 1) : magnitude
    }
}

extension Timestamp {
    /// A date or a time of a filter; nil for other texts, and for a time without a zone.
    init?(filterLiteral text: String) {
        if text.utf8.count == 10 {
            self.init(rfc3339: text + "T00:00:00Z")
        } else {
            // A time may be without seconds.
            guard let time = Timestamp(rfc3339: text) ?? (text.hasSuffix("Z") ? Timestamp(iso8601: text) : nil) else {
                return nil
            }
            self = time
        }
    }
}
