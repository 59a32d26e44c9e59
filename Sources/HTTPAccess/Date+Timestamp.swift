package import struct Foundation.Date
package import Primitives

extension Date {
    /// Converts a timestamp, with a precision of about a tenth of a microsecond.
    package init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.seconds) + Double(time.nanoseconds) / 1e9)
    }

    /// Reads a timestamp as the service writes it; see ``Primitives/Timestamp/init(iso8601:)``.
    package init?(serviceText text: String) {
        guard let time = Timestamp(iso8601: text) else { return nil }
        self.init(time)
    }

    /// The time when a file's content was last written; nil when there is no file or its metadata cannot be read. Blocks.
    package init?(modificationOf path: String) {
        guard let signature = FileSignature(path: path) else { return nil }
        self.init(signature.modified)
    }
}
