// The fields of each kind, as in `PayoutKind.fields`; a test compares the two.

extension TransactionHistory {
    /// MPN id or seller id.
    public static var enrollmentParticipantId: TypedField<Self, ParticipantID> { .init("enrollmentParticipantId") }
    /// The payment that the earning belongs to.
    public static var paymentId: TypedField<Self, String> { .init("paymentId") }
    /// When the earning was made.
    public static var earningForDate: TypedField<Self, FilterDate> { .init("earningForDate") }
    /// For example `CSP Direct Bill Partner`.
    public static var programName: TypedField<Self, String> { .init("programName") }
    /// For example `CSP Direct Partner: Core`.
    public static var leverCode: TypedField<Self, String> { .init("leverCode") }
    /// For example `Azure CSP motion incentives - Indirect Provider`.
    public static var engagementName: TypedField<Self, String> { .init("engagementName") }
    /// `REBATE`, `COOP`, `FEE` or `SELL`.
    public static var payableSubType: TypedField<Self, String> { .init("payableSubType") }
    /// `SENT`, `UPCOMING` or `IN PROGRESS`.
    public static var payoutStatus: TypedField<Self, String> { .init("payoutStatus") }
    /// The transaction's amount.
    public static var transactionAmount: TypedField<Self, FilterNumber> { .init("transactionAmount") }
    /// The earning's amount.
    public static var earningAmount: TypedField<Self, FilterNumber> { .init("earningAmount") }
}

extension Payments {
    /// MPN id or seller id.
    public static var enrollmentParticipantId: TypedField<Self, ParticipantID> { .init("enrollmentParticipantId") }
    /// The payment's id.
    public static var paymentId: TypedField<Self, String> { .init("paymentId") }
    /// For example `CSP Direct Bill Partner`.
    public static var programName: TypedField<Self, String> { .init("programName") }
    /// When the payment's status last changed.
    public static var payoutStatusUpdateTS: TypedField<Self, FilterDate> { .init("payoutStatusUpdateTS") }
    /// `REBATE`, `COOP`, `FEE` or `SELL`.
    public static var payoutOrderType: TypedField<Self, String> { .init("payoutOrderType") }
    /// The payment's amount.
    public static var paymentAmount: TypedField<Self, FilterNumber> { .init("paymentAmount") }
}
