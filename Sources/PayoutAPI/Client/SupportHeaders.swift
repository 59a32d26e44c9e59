import NIOHTTP1
import Primitives

/// The headers of an answer by which the service's support finds a request. Part of ``PayoutAPIError``.
public struct SupportHeaders: Sendable, Hashable {
    /// The headers that were present, with lower-case names, in a fixed order.
    public let fields: [(name: String, value: String)]

    private static let names = ["request-id", "ms-requestid", "ms-correlationid", "x-ms-ags-diagnostic", "timestamp"]

    init(_ headers: HTTPHeaders) {
        fields = Self.names.compactMap { name in
            headers.first(name: name).map { (name, Redaction.scrub($0)) }
        }
    }

    init() {
        fields = []
    }

    /// The value of `request-id`.
    public var requestID: String? { self["request-id"] }
    /// The value of `ms-requestid`.
    public var msRequestID: String? { self["ms-requestid"] }
    /// The value of `ms-correlationid`.
    public var msCorrelationID: String? { self["ms-correlationid"] }
    /// The value of `x-ms-ags-diagnostic`.
    public var agsDiagnostic: String? { self["x-ms-ags-diagnostic"] }
    /// The value of `timestamp`.
    public var timestamp: String? { self["timestamp"] }

    private subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// Whether the same headers were present.
    public static func == (left: SupportHeaders, right: SupportHeaders) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    /// Hashes every header.
    public func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.name)
            hasher.combine(field.value)
        }
    }
}

extension SupportHeaders: CustomStringConvertible {
    /// For example `request-id=…, timestamp=…`.
    public var description: String {
        fields.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
    }
}
