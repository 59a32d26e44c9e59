/// The bounds of a listener's connections.
public struct ConnectionLimits: Sendable {
    /// Connections at the same time. A further one takes the place of the one that has been idle longest; where none
    /// is idle, it is closed.
    public var connections = 4_096
    /// How long a connection may take to send a whole request, counted from its start or from the end of the answer
    /// before. Both idle connections and half-sent requests end with it. `nil` for no limit.
    public var requestTimeout: Duration?
    /// How long a client may take none of the answer that is written to it. `nil` for no limit.
    public var writeTimeout: Duration?
    /// The longest header field, in bytes.
    public var headerFieldBytes = 64 * 1_024
    /// All header fields of a request together, in bytes.
    public var headerBytes = 64 * 1_024
    /// Header fields of a request.
    public var headerFields = 256
    /// How long requests in flight may take to end when the listener stops. Then their connections are closed.
    public var drain: Duration = .milliseconds(500)

    /// Creates generous limits, for servers that only tests and demonstrations reach.
    public init() {}
}
