public import ExportCore
import Primitives

extension Instant {
    /// The time as RFC 3339 in UTC with milliseconds, for example `2026-12-01T00:00:00.000Z`.
    public var rfc3339: String { Timestamp(milliseconds: milliseconds).rfc3339() }

    /// Reads an RFC 3339 date with none to nine digits of a fraction and any offset; `nil` for anything else.
    public init?(rfc3339 text: String) {
        guard let time = Timestamp(rfc3339: text) else { return nil }
        self.init(milliseconds: time.milliseconds)
    }
}
