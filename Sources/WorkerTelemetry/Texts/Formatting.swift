package import ExportCore
import Primitives

/// Numbers and durations for people.
package enum Formatting {
    package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// RFC 3339 in UTC.
    package static func time(_ instant: Instant) -> String { Timestamp(milliseconds: instant.milliseconds).rfc3339() }

    package static func duration(_ duration: Duration) -> String { duration.shortText }
}
