import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a request came to have no answer. More may be added.
public enum TransportFailure: String, Sendable, Hashable {
    /// No connection: refused, unreachable, unknown host, or none within the connect time-out.
    case connect
    /// No answer within the request's time-out.
    case timeout
    /// The connection was closed or reset before the answer was complete.
    case closed
    /// The server's certificate or TLS was not acceptable.
    case tls
    /// The answer is no HTTP, or too big.
    case unreadable
    /// The request cannot be sent at all, for example because a token holds a line break.
    case unsendable
    /// The transport has been shut down.
    case shutDown
    /// Anything else.
    case other
}

/// A request that came to have no answer, in words that hold nothing of the request.
struct TransportFault: Error {
    let failure: TransportFailure
    let detail: String

    /// Underlying errors are named, never printed: some of them carry header values or whole URLs.
    init(_ error: any Error) {
        switch error {
        case let fault as TransportFault:
            self = fault
        case let error as HTTPClientError:
            self = Self.from(error)
        case is NIOConnectionError:
            self.init(.connect, "no connection could be made")
        case is AnswerTooBigError:
            self.init(.unreadable, "the answer is too big")
        case is NIOHTTPDecompression.DecompressionError:
            self.init(.unreadable, "the answer cannot be unpacked")
        case is HTTPParserError:
            self.init(.unreadable, "the answer is no HTTP")
        case let error as ChannelError:
            self = Self.from(error)
        case let error as IOError:
            self = Self.from(error)
        default:
            let name = String(describing: type(of: error))
            let isTLS = name.contains("SSL") || name.contains("TLS")
            self.init(isTLS ? .tls : .other, name)
        }
    }

    init(_ failure: TransportFailure, _ detail: String) {
        self.failure = failure
        self.detail = detail
    }

    private static func from(_ error: IOError) -> TransportFault {
        switch error.errnoCode {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL, EMFILE, ENFILE:
            TransportFault(.connect, "no connection could be made (errno \(error.errnoCode))")
        default:
            TransportFault(.closed, "the connection broke (errno \(error.errnoCode))")
        }
    }

    private static func from(_ error: ChannelError) -> TransportFault {
        switch error {
        case .connectTimeout: TransportFault(.connect, "no connection within the connect time-out")
        case .connectPending: TransportFault(.connect, "no connection could be made")
        default: TransportFault(.closed, "the connection was closed")
        }
    }

    private static func from(_ error: HTTPClientError) -> TransportFault {
        switch error {
        case .connectTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
            TransportFault(.connect, "no connection within the connect time-out")
        case .getConnectionFromPoolTimeout:
            TransportFault(.connect, "no connection was free within the connect time-out")
        case .tlsHandshakeTimeout:
            TransportFault(.tls, "no TLS handshake within the connect time-out")
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            TransportFault(.timeout, "no complete answer within the request time-out")
        case .remoteConnectionClosed, .uncleanShutdown, .cancelled, .requestStreamCancelled:
            TransportFault(.closed, "the connection was closed before the answer was complete")
        case .alreadyShutdown:
            TransportFault(.shutDown, "the transport has been shut down")
        case .invalidURL, .emptyHost, .emptyScheme:
            TransportFault(.unsendable, "the URL is malformed")
        case .invalidProxyResponse, .proxyAuthenticationRequired:
            TransportFault(.connect, "the proxy refused the connection")
        default:
            Self.fromDescription(error)
        }
    }

    private static func fromDescription(_ error: HTTPClientError) -> TransportFault {
        // Cases with values cannot be matched; the name before the value holds nothing of the request.
        let name = error.description.split(separator: "(").prefix(1).joined()
        if name.contains("invalidHeaderField") {
            return TransportFault(.unsendable, "a header's name or value has a character that HTTP does not allow")
        }
        return TransportFault(.other, "the HTTP client failed")
    }
}
