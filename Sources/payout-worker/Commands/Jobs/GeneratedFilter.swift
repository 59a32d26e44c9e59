import ExportCore
import PayoutFilters

/// Filters of generated jobs, each for a different week.
enum GeneratedFilter {
    static func text(_ number: Int, _ kind: ExportKind) -> String? {
        let day: Int64 = 86_400_000
        // Monday, 2 January 2023.
        let first = 1_672_617_600_000 + Int64(number % 150) * 7 * day
        return FilterPeriod(last: 7, before: .day(first + 7 * day)).map { week in
            switch kind {
            case .transactionHistory: TransactionHistory.during(week).text
            case .payments: Payments.during(week).text
            }
        }
    }
}
