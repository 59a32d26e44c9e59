/// A kind of export as a type, so that a filter cannot name another kind's fields.
public protocol FilterKind: Sendable {
    /// The kind as a value.
    static var kind: PayoutKind { get }
    /// The documented date of the kind's rows, by which periods select.
    static var dateField: TypedField<Self, FilterDate> { get }
    /// MPN id or seller id.
    static var enrollmentParticipantId: TypedField<Self, ParticipantID> { get }
    /// For example `CSP Direct Bill Partner`.
    static var programName: TypedField<Self, String> { get }
}

/// The fields of a transaction history.
public enum TransactionHistory: FilterKind {
    /// `transactionHistory`.
    public static var kind: PayoutKind { .transactionHistory }
    /// `earningForDate`.
    public static var dateField: TypedField<Self, FilterDate> { earningForDate }
}

/// The fields of a payments export.
public enum Payments: FilterKind {
    /// `payments`.
    public static var kind: PayoutKind { .payments }
    /// `payoutStatusUpdateTS`.
    public static var dateField: TypedField<Self, FilterDate> { payoutStatusUpdateTS }
}

/// A filter for one kind of export that is well-formed by construction.
///
/// ```swift
/// let filter = Payments.during(october)
///     .and(Payments.programName.eq("CSP Direct Bill Partner"))
/// print(filter.text)
/// ```
public struct PayoutFilter<Kind: FilterKind>: Sendable, Hashable {
    /// The filter's meaning.
    public let expression: FilterExpression

    init(_ expression: FilterExpression) {
        self.expression = expression
    }

    /// The filter as the API takes it, not percent-encoded.
    public var text: String { self.expression.description }

    /// Both hold.
    public func and(_ other: PayoutFilter) -> PayoutFilter {
        PayoutFilter(.all(conjuncts + other.conjuncts))
    }

    /// Either holds, or both.
    public func or(_ other: PayoutFilter) -> PayoutFilter {
        PayoutFilter(.any(disjuncts + other.disjuncts))
    }

    /// All of these hold.
    ///
    /// - Parameter filters: The result is nil when there are none.
    public static func all(_ filters: [PayoutFilter]) -> PayoutFilter? {
        filters.dropFirst().reduce(filters.first) { $0?.and($1) }
    }

    /// Any of these holds.
    ///
    /// - Parameter filters: The result is nil when there are none.
    public static func any(_ filters: [PayoutFilter]) -> PayoutFilter? {
        filters.dropFirst().reduce(filters.first) { $0?.or($1) }
    }

    private var conjuncts: [FilterExpression] {
        if case .all(let terms) = self.expression { return terms }
        return [self.expression]
    }

    private var disjuncts: [FilterExpression] {
        if case .any(let terms) = self.expression { return terms }
        return [self.expression]
    }
}

extension PayoutFilter: CustomStringConvertible {
    /// The filter as the API takes it, not percent-encoded.
    public var description: String { self.text }
}

/// A value that a field can be compared with.
public protocol FilterValue: Sendable {
    /// The value as a filter's literal.
    var filterLiteral: FilterLiteral { get }
}

extension String: FilterValue {
    /// Text in quotes.
    public var filterLiteral: FilterLiteral { .string(self) }
}

extension FilterDate: FilterValue {
    /// A bare date.
    public var filterLiteral: FilterLiteral { .dateTime(self.text) }
}

/// A number as a filter spells it.
public struct FilterNumber: FilterValue, Hashable, ExpressibleByIntegerLiteral {
    /// The OData literal.
    public let text: String

    /// A whole number.
    public init(_ value: Int) { self.text = String(value) }

    /// A whole number.
    public init(integerLiteral value: Int) { self.text = String(value) }

    /// The shortest decimal that reads back as the value; nil for infinities and what is not a number.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.text = "\(value)"
    }

    /// A decimal in text form, such as `1234.50`; nil when it is not valid OData.
    public init?(_ text: String) {
        guard isODataNumber(Array(text.utf8)[...]) else { return nil }
        self.text = text
    }

    /// A bare number.
    public var filterLiteral: FilterLiteral { .number(self.text) }
}

/// An MPN id or seller id. The service's documents disagree about its type, so the filter contains it as given.
public enum ParticipantID: FilterValue, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// In quotes, as in the service's sample.
    case text(String)
    /// Bare, as in the service's pages.
    case number(Int)

    /// In quotes.
    public init(stringLiteral value: String) { self = .text(value) }

    /// Bare.
    public init(integerLiteral value: Int) { self = .number(value) }

    /// Text or number, as given.
    public var filterLiteral: FilterLiteral {
        switch self {
        case .text(let text): .string(text)
        case .number(let number): .number(String(number))
        }
    }
}

/// A field of one kind of export, and the type of its values.
public struct TypedField<Kind: FilterKind, Value: FilterValue>: Sendable {
    /// The field's name.
    public let name: String

    init(_ name: String) { self.name = name }

    /// Equal.
    public func eq(_ value: Value) -> PayoutFilter<Kind> { compare(.eq, value) }
    /// Not equal.
    public func ne(_ value: Value) -> PayoutFilter<Kind> { compare(.ne, value) }
    /// Greater than.
    public func gt(_ value: Value) -> PayoutFilter<Kind> { compare(.gt, value) }
    /// Greater than or equal.
    public func ge(_ value: Value) -> PayoutFilter<Kind> { compare(.ge, value) }
    /// Less than.
    public func lt(_ value: Value) -> PayoutFilter<Kind> { compare(.lt, value) }
    /// Less than or equal.
    public func le(_ value: Value) -> PayoutFilter<Kind> { compare(.le, value) }

    private func compare(_ op: FilterOperator, _ value: Value) -> PayoutFilter<Kind> {
        PayoutFilter(.comparison(FilterComparison(field: self.name, op: op, value: value.filterLiteral)))
    }
}
