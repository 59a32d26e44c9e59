import ExportCore
import Primitives

/// Numbers and durations for people.
package enum Formatting {
    package static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    package static func duration(_ duration: Duration) -> String { duration.shortText }
}
