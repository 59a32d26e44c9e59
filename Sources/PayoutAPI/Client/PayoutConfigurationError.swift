/// A configuration that cannot work.
public struct PayoutConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The setting, for example `baseURL`.
    public let setting: String
    /// What is wrong and what to write instead.
    public let problem: String

    /// The setting and what is wrong with it.
    public var description: String { "\(self.setting): \(self.problem)" }
}

/// The parts of a base address that requests are built on.
struct BaseAddress: Sendable, Hashable {
    /// Scheme, authority and path, without a slash at the end.
    let text: String
    let host: String
    let port: Int?
    let isLoopback: Bool

    /// - Parameters:
    ///   - setting: What an error calls the address.
    ///   - segment: A last path segment that people copy along although requests bring their own.
    init(_ text: String, setting: String, withoutSegment segment: String) throws(PayoutConfigurationError) {
        var trimmed = text.trimmingBlanks()
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        if !segment.isEmpty, trimmed.lowercased().hasSuffix("/" + segment.lowercased()) {
            trimmed.removeLast(segment.count)
            while trimmed.hasSuffix("/") { trimmed.removeLast() }
        }
        guard let location = WebLocation(trimmed) else {
            throw PayoutConfigurationError(
                setting: setting,
                problem: "write an address such as https://example.com, without user name and query"
            )
        }
        guard !trimmed.contains("?"), !trimmed.contains("#") else {
            throw PayoutConfigurationError(setting: setting, problem: "leave out the query")
        }
        self.text = trimmed
        self.host = location.host
        self.port = location.explicitPort
        self.isLoopback = HostClass(location.host) == .loopback
    }
}
