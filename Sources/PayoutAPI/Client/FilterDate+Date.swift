public import Foundation
public import PayoutFilters

extension FilterDate {
    /// A point in time; nil outside the years 1 to 9999.
    ///
    /// - Parameter date: What is finer than a millisecond is cut off.
    public init?(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded(.down)
        guard let exact = Int64(exactly: milliseconds) else { return nil }
        self.init(millisecondsSince1970: exact)
    }

    /// The day in UTC that contains a point in time; nil outside the years 1 to 9999.
    public init?(dayOf date: Date) {
        guard let time = FilterDate(date) else { return nil }
        self.init(String(time.text.prefix(10)))
    }
}
