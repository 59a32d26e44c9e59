import Primitives

/// A base URL, parsed. `PayoutClient` and `TokenEndpoint` append the paths of their requests to it.
package struct BaseAddress: Sendable, Hashable {
    /// Scheme, authority and path, without a slash at the end.
    package let text: String
    package let host: String
    package let port: Int?
    package let isLoopback: Bool

    /// - Parameters:
    ///   - setting: The setting's name, for errors.
    ///   - segment: A last path segment that is removed, because requests append it again. Users often copy it.
    package init(_ text: String, setting: String, withoutSegment segment: String) throws(ClientConfigurationError) {
        var trimmed = text.trimmingBlanks()
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        if !segment.isEmpty, trimmed.lowercased().hasSuffix("/" + segment.lowercased()) {
            trimmed.removeLast(segment.count)
            while trimmed.hasSuffix("/") { trimmed.removeLast() }
        }
        guard let location = WebLocation(trimmed) else {
            throw ClientConfigurationError(
                setting: setting,
                problem: "write an address such as https://example.com, without user name and query"
            )
        }
        guard !trimmed.contains("?"), !trimmed.contains("#") else {
            throw ClientConfigurationError(setting: setting, problem: "leave out the query")
        }
        self.text = trimmed
        host = location.host
        port = location.explicitPort
        isLoopback = HostClass(location.host) == .loopback
    }
}
