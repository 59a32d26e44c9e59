import Crypto
import Foundation
import NIOCore

/// Percent-encodes everything but RFC 3986's unreserved characters, as Signature Version 4 wants it.
///
/// - Parameter keepsSlashes: Whether `/` stays, as in a path.
func uriEncoded(_ text: String, keepsSlashes: Bool = false) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            bytes.append(byte)
        case UInt8(ascii: "/") where keepsSlashes: bytes.append(byte)
        default: FileKey.appendEscape(byte, to: &bytes)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// A form as `application/x-www-form-urlencoded`.
func formEncoded(_ fields: [(String, String)]) -> String {
    fields.map { uriEncoded($0) + "=" + uriEncoded($1) }.joined(separator: "&")
}

/// Bytes in Base64 with padding.
func base64(_ bytes: some Sequence<UInt8>) -> String { Data(bytes).base64EncodedString() }

/// The text of the first element of a name in an XML document; enough for the short answers of object stores.
func xmlText(_ element: String, in document: String) -> String? {
    guard let open = document.range(of: "<\(element)>"),
        let close = document.range(of: "</\(element)>", range: open.upperBound..<document.endIndex)
    else { return nil }
    return document[open.upperBound..<close.lowerBound]
        .replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
        .replacingOccurrences(of: "&quot;", with: "\"").replacingOccurrences(of: "&#34;", with: "\"")
        .replacingOccurrences(of: "&apos;", with: "'").replacingOccurrences(of: "&#39;", with: "'")
        .replacingOccurrences(of: "&amp;", with: "&")
}

/// Every element of a name, without what is around it.
func xmlElements(_ element: String, in document: String) -> [String] {
    var elements: [String] = []
    var rest = document[...]
    while let open = rest.range(of: "<\(element)>"),
        let close = rest.range(of: "</\(element)>", range: open.upperBound..<rest.endIndex)
    {
        elements.append(String(rest[open.upperBound..<close.lowerBound]))
        rest = rest[close.upperBound...]
    }
    return elements
}

/// Text for an XML element.
func xmlEscaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
}

/// A word from an answer, fit for an error text: bounded, printable, one line.
func harmless(_ text: String?) -> String? {
    guard let text, !text.isEmpty else { return nil }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(128).filter { 0x20..<0x7F ~= $0.value }))
}

/// A moment of the form `2026-11-25T07:50:29Z`, fractions permitted, in milliseconds since 1970-01-01T00:00:00Z.
func milliseconds(ofTimestamp text: String) -> Int64? {
    let seconds = Date.ISO8601FormatStyle()
    let fractions = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    guard let date = (try? seconds.parse(text)) ?? (try? fractions.parse(text)) else { return nil }
    return Int64(date.timeIntervalSince1970 * 1_000)
}

/// The day and second of a moment, as protocols write it.
struct ProtocolTime {
    private let parts: (day: CalendarDay, hour: Int64, minute: Int64, second: Int64)
    private let dayNumber: Int64

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z.
    init(_ milliseconds: Int64) {
        let seconds = milliseconds / 1_000
        parts = (CalendarDay(milliseconds: milliseconds), seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
        dayNumber = seconds / 86_400
    }

    /// `20261125`.
    var basicDate: String { pad(parts.day.year, 4) + pad(parts.day.month, 2) + pad(parts.day.day, 2) }
    /// `20261125T075029Z`.
    var basic: String { basicDate + "T" + pad(parts.hour, 2) + pad(parts.minute, 2) + pad(parts.second, 2) + "Z" }
    /// `Wed, 25 Nov 2026 07:50:29 GMT`, RFC 9110.
    var http: String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date =
            "\(pad(parts.day.day, 2)) \(months[Int(parts.day.month) - 1]) \(pad(parts.day.year, 4))"
        return days[Int(dayNumber % 7)] + ", " + date
            + " \(pad(parts.hour, 2)):\(pad(parts.minute, 2)):\(pad(parts.second, 2)) GMT"
    }

    private func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension HashFunction {
    /// The digest of what a buffer holds.
    static func hash(_ buffer: ByteBuffer) -> Digest {
        var hash = Self()
        buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return hash.finalize()
    }
}
