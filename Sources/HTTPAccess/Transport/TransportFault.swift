import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL
import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The error of a request without an answer, thrown by ``HTTPTransport``. Holds no part of the request.
public struct TransportFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public let failure: TransportFailure
    /// What happened, as a clause in lower case that follows a colon in the errors of callers.
    public let detail: String

    /// What happened, as ``detail``.
    public var description: String { detail }

    /// Makes a fault, for tests that replace the network.
    package init(_ failure: TransportFailure, _ detail: String) {
        self.failure = failure
        self.detail = detail
    }

    static let connectTimeout = TransportFault(.connect, "no connection within the connect time-out")
    static let noFreeConnection = TransportFault(.connect, "no connection was free within the connect time-out")
    static let handshakeTimeout = TransportFault(.tls, "no TLS handshake within the connect time-out")
    static let deadlineExceeded = TransportFault(.timeout, "no complete answer within the request time-out")
    static let connectionClosed = TransportFault(.closed, "the connection was closed before the answer was complete")
    static let answerTooLarge = TransportFault(.unreadable, "the answer is too large")
    static let notHTTP = TransportFault(.unreadable, "the answer is not valid HTTP")
    static let malformedURL = TransportFault(.unsendable, "the URL is malformed")
    static let unsendableHeader = TransportFault(
        .unsendable,
        "a header's name or value has a character that HTTP does not permit"
    )
    static let shutDown = TransportFault(.shutDown, "the transport has been shut down")

    /// Classifies an error of the HTTP client or the network by its type. Underlying errors are never printed: some of
    /// them carry header values or whole URLs.
    ///
    /// - Parameter request: The request that failed.
    init(_ error: any Error, sending request: OutgoingRequest? = nil) {
        switch error {
        case let fault as TransportFault: self = fault
        case let error as HTTPClientError: self = Self.from(error, request)
        case let error as NIOConnectionError: self = Self.from(error)
        case is AnswerTooBigError: self = .answerTooLarge
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            self.init(.unreadable, "the answer cannot be decompressed")
        case HTTPParserError.invalidEOFState: self = .connectionClosed
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notHTTP
        case let error as ChannelError: self = Self.from(error)
        case let error as IOError: self = Self.from(error)
        case NIOSSLError.uncleanShutdown: self = .connectionClosed
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(.tls, "the TLS connection failed, the server's certificate may not be trusted")
        // The name of a type holds no part of the request.
        default: self.init(.other, "unexpected error \(type(of: error))")
        }
    }

    /// Classifies the error of an attempt to connect: the system's errors all mean that there is no connection, also those that
    /// mean something else once there is one, such as a time-out.
    init(connecting error: any Error) {
        if let error = error as? IOError {
            self = Self.unconnected(error)
        } else {
            self.init(error)
        }
    }

    private static func unconnected(_ error: IOError) -> TransportFault {
        TransportFault(.connect, "no connection could be made (errno \(error.errnoCode))")
    }

    private static func from(_ error: IOError) -> TransportFault {
        switch error.errnoCode {
        // Errors that only an attempt to connect has.
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EADDRNOTAVAIL, EMFILE, ENFILE, EINVAL,
            EAFNOSUPPORT, EACCES, EPERM:
            unconnected(error)
        default:
            TransportFault(.closed, "the connection failed (errno \(error.errnoCode))")
        }
    }

    private static func from(_ error: NIOConnectionError) -> TransportFault {
        // Without connection errors no address was tried: the host's name could not be resolved.
        error.connectionErrors.isEmpty && (error.dnsAError ?? error.dnsAAAAError) != nil
            ? TransportFault(.connect, "the host's name cannot be resolved")
            : TransportFault(.connect, "no connection could be made")
    }

    private static func from(_ error: ChannelError) -> TransportFault {
        switch error {
        case .connectTimeout: .connectTimeout
        case .connectPending: TransportFault(.connect, "no connection could be made")
        default: .connectionClosed
        }
    }

    private static func from(_ error: HTTPClientError, _ request: OutgoingRequest?) -> TransportFault {
        switch error {
        case .connectTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout: .connectTimeout
        case .getConnectionFromPoolTimeout: .noFreeConnection
        case .tlsHandshakeTimeout: .handshakeTimeout
        case .deadlineExceeded, .readTimeout, .writeTimeout: .deadlineExceeded
        case .remoteConnectionClosed, .uncleanShutdown, .cancelled, .requestStreamCancelled: .connectionClosed
        case .alreadyShutdown: .shutDown
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: .malformedURL
        case .proxyAuthenticationRequired:
            TransportFault(.connect, "the proxy demands a user name and password, or refused the configured ones")
        case .invalidProxyResponse:
            TransportFault(.connect, "the proxy refused the connection")
        default:
            Self.other(request)
        }
    }

    /// Classifies the client's remaining errors by the request: they carry values, so they cannot be compared.
    private static func other(_ request: OutgoingRequest?) -> TransportFault {
        guard let request else { return TransportFault(.other, "the HTTP client failed") }
        if WebLocation(request.url) == nil { return .malformedURL }
        return request.headers.areSendable ? TransportFault(.other, "the HTTP client failed") : .unsendableHeader
    }
}

extension HTTPHeaders {
    /// Whether names are tokens and values hold no control characters but tabs (RFC 9110, section 5).
    var areSendable: Bool {
        allSatisfy { name, value in
            !name.isEmpty && Self.all(name, satisfy: \.isTokenCharacter) && Self.all(value, satisfy: \.isFieldContent)
        }
    }

    /// Access tokens have a few thousand bytes: reading them from contiguous storage is ten times faster.
    private static func all(_ text: String, satisfy predicate: (UInt8) -> Bool) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(predicate) } ?? text.utf8.allSatisfy(predicate)
    }
}
