import struct Foundation.URL
import Primitives

/// The value of a `Content-Range` header, such as `bytes 10-99/100`, by which `DownloadAttempt` checks that an answer continues
/// where the consumer is.
struct ContentRange {
    let start: Int64
    /// The file's size; nil where the header has `*`.
    let total: Int64?

    init?(_ text: String?) {
        guard let text, text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2 else { return nil }
        let bounds = parts[0].split(separator: "-")
        guard bounds.count == 2, let start = Int64(bounds[0].trimmingPrefix(" ")), let end = Int64(bounds[1]),
            start <= end
        else { return nil }
        self.start = start
        self.total = Int64(parts[1])
    }
}

/// A redirect's target as an absolute URL.
func resolve(_ location: String, against base: String) -> String? {
    let trimmed = location.trimmingBlanks()
    guard !trimmed.isEmpty, let base = URL(string: base) else { return nil }
    return URL(string: trimmed, relativeTo: base)?.absoluteString
}
