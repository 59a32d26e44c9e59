import ExportCore
import ExportRecords
import Foundation

extension Date {
    /// RFC 3339 in UTC with milliseconds.
    var rfc3339: String { instant.rfc3339 }

    /// The time as the core counts it, in whole milliseconds.
    var instant: Instant { Instant(milliseconds: Int64(timeIntervalSince1970 * 1_000)) }
}
