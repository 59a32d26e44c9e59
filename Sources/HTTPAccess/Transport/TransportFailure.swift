/// The kind of a ``TransportFault``. More cases may be added.
public enum TransportFailure: String, Sendable, Hashable {
    /// No connection: refused, unreachable, unknown host, refused by a proxy, or none within the connect time-out.
    case connect
    /// No answer within the request's time-out.
    case timeout
    /// The connection was closed or reset before the answer was complete.
    case closed
    /// The TLS handshake failed, or the server's certificate is not trusted.
    case tls
    /// The answer is not HTTP, or too large.
    case unreadable
    /// The request cannot be sent at all, for example because a token holds a line break.
    case unsendable
    /// The transport has been shut down.
    case shutDown
    /// Anything else.
    case other
}
