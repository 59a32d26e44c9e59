import ExportCore
import PayoutFilters

/// Filters of generated jobs, each for a different week.
enum GeneratedFilter {
    static func text(_ number: Int, _ kind: ExportKind) -> String? {
        let day: Int64 = 86_400_000
        // Monday, 2 January 2023.
        let first = 1_672_617_600_000 + Int64(number % 150) * 7 * day
        guard let from = FilterDate.day(first), let to = FilterDate.day(first + 6 * day) else { return nil }
        switch kind {
        case .transactionHistory:
            return TransactionHistory.earningForDate.ge(from).and(TransactionHistory.earningForDate.le(to)).text
        case .payments: return Payments.paymentDate.ge(from).and(Payments.paymentDate.le(to)).text
        }
    }
}

extension FilterDate {
    /// The day of a time.
    fileprivate static func day(_ milliseconds: Int64) -> FilterDate? {
        FilterDate(millisecondsSince1970: milliseconds).flatMap { FilterDate(String($0.text.prefix(10))) }
    }
}
