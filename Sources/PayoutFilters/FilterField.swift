/// What a filter field holds.
public enum FilterFieldType: String, Sendable, Hashable {
    /// Text in single quotes.
    case string
    /// A bare number.
    case number
    /// A bare date or date-time.
    case dateTime
    /// Text or number: the service's own documents disagree.
    case stringOrNumber

    /// The type as a sentence names it.
    var phrase: String {
        switch self {
        case .string: "text in single quotes"
        case .number: "a number without quotes"
        case .dateTime: "a date without quotes, such as 2023-03-01 or 2023-03-01T00:00:00Z"
        case .stringOrNumber: "text in single quotes or a number"
        }
    }
}

/// A field that a filter may name, as the Payout API documents it.
public struct FilterField: Sendable, Hashable {
    /// The field's name; the service compares it with regard to case.
    public let name: String
    /// What the field holds.
    public let type: FilterFieldType
    /// The documented values, empty where any value may occur.
    public let knownValues: [String]

    init(_ name: String, _ type: FilterFieldType, knownValues: [String] = []) {
        self.name = name
        self.type = type
        self.knownValues = knownValues
    }
}

extension PayoutKind {
    private static let payoutTypes = ["REBATE", "COOP", "FEE", "SELL"]

    private static let transactionHistoryFields = [
        FilterField("enrollmentParticipantId", .stringOrNumber),
        FilterField("paymentId", .string),
        FilterField("earningForDate", .dateTime),
        FilterField("programName", .string),
        FilterField("leverCode", .string),
        FilterField("engagementName", .string),
        FilterField("payableSubType", .string, knownValues: payoutTypes),
        FilterField("payoutStatus", .string, knownValues: ["SENT", "UPCOMING", "IN PROGRESS"]),
        FilterField("transactionAmount", .number),
        FilterField("earningAmount", .number),
    ]

    private static let paymentsFields = [
        FilterField("enrollmentParticipantId", .stringOrNumber),
        FilterField("paymentId", .string),
        FilterField("programName", .string),
        FilterField("payoutStatusUpdateTS", .dateTime),
        FilterField("payoutOrderType", .string, knownValues: payoutTypes),
        FilterField("paymentAmount", .number),
    ]

    /// The fields that a filter of this kind may name.
    public var fields: [FilterField] {
        switch self {
        case .transactionHistory: Self.transactionHistoryFields
        case .payments: Self.paymentsFields
        }
    }

    /// The field of exactly this name, or nil when the kind has none.
    ///
    /// - Parameter name: The field's name, compared with regard to case.
    public func field(named name: String) -> FilterField? {
        fields.first { $0.name == name }
    }
}
