/// The two kinds of export that the Payout API offers.
public enum PayoutKind: String, Sendable, Hashable, CaseIterable {
    /// One row per earning and its transaction; the portal calls this "earnings".
    case transactionHistory
    /// One row per payment.
    case payments
}

extension PayoutKind: CustomStringConvertible {
    /// The kind's name as jobs spell it.
    public var description: String { rawValue }
}
