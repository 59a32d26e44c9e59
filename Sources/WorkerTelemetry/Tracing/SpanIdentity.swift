import Tracing

/// Identifies a span, as in W3C's Trace Context.
struct SpanIdentity: Sendable, Hashable {
    /// 32 hexadecimal digits, not all zero.
    var traceID: String
    /// 16 hexadecimal digits, not all zero.
    var spanID: String
    /// Whether the trace is recorded.
    var isSampled: Bool
    /// The `tracestate` header, passed through unchanged.
    var state: String?

    /// A new trace's first span.
    static func root(isSampled: Bool) -> SpanIdentity {
        SpanIdentity(
            traceID: hex(.random(in: 1 ... .max)) + hex(.random(in: 1 ... .max)),
            spanID: hex(.random(in: 1 ... .max)),
            isSampled: isSampled,
            state: nil
        )
    }

    /// A span below this one.
    var child: SpanIdentity {
        var child = self
        child.spanID = Self.hex(.random(in: 1 ... .max))
        return child
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension SpanIdentity {
    /// Parses a `traceparent` header; `nil` when it is not valid.
    init?(parent: String, state: String?) {
        let parts = parent.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHex(parts[1], 32), parts[1].contains(where: { $0 != "0" }), Self.isHex(parts[2], 16),
            parts[2].contains(where: { $0 != "0" }), Self.isHex(parts[3], 2),
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(traceID: parts[1], spanID: parts[2], isSampled: flags & 1 == 1, state: state)
    }

    /// The `traceparent` header.
    var parent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func isHex(_ text: String, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

private enum SpanIdentityKey: ServiceContextKey {
    typealias Value = SpanIdentity
    static let nameOverride: String? = "span"
}

extension ServiceContext {
    /// The context's current span.
    var spanIdentity: SpanIdentity? {
        get { self[SpanIdentityKey.self] }
        set { self[SpanIdentityKey.self] = newValue }
    }
}
