import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The HTTP connections of a store. Opens nothing before the first request.
final class StoreConnections: Sendable {
    /// A server that is silent for so long has gone.
    private static let silence: TimeAmount = .seconds(60)

    private enum State {
        case idle
        case open(HTTPClient)
        case closed
    }

    private let state = Mutex(State.idle)

    deinit {
        // A store that was only made to see whether it can be made has opened nothing.
        if case .open(let client) = state.withLock({ $0 }) { client.shutdown { _ in } }
    }

    /// Sends requests over these connections.
    var wire: StoreWire {
        StoreWire { [self] request async throws(WireFault) in try await send(request) }
    }

    /// Closes every connection. Requests under way fail.
    func close() async {
        let client: HTTPClient? = state.withLock { state in
            defer { state = .closed }
            if case .open(let client) = state { return client }
            return nil
        }
        // It fails only when it was shut down before.
        try? await client?.shutdown()
    }

    private func client() throws(WireFault) -> HTTPClient {
        let client: HTTPClient? = state.withLock { state in
            switch state {
            case .open(let client): return client
            case .closed: return nil
            case .idle:
                var settings = HTTPClient.Configuration(
                    // A redirect would carry credentials to where nobody meant them to go.
                    redirectConfiguration: .disallow,
                    timeout: .init(connect: .seconds(10), read: Self.silence, write: Self.silence),
                    connectionPool: .init(
                        idleTimeout: .seconds(30),
                        concurrentHTTP1ConnectionsPerHostSoftLimit: 64
                    )
                )
                settings.httpVersion = .http1Only
                settings.connectionPool.retryConnectionEstablishment = false
                // URLs may hold secrets, which do not belong into spans.
                settings.tracing.tracer = nil
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
                state = .open(client)
                return client
            }
        }
        guard let client else { throw .failed("is closed") }
        return client
    }

    private func send(_ request: WireRequest) async throws(WireFault) -> WireAnswer {
        guard !Task.isCancelled else { throw .cancelled }
        let client = try client()
        var outgoing = HTTPClientRequest(url: request.url)
        outgoing.method = request.method
        outgoing.headers = request.headers
        if let body = request.body { outgoing.body = .bytes(body) }
        do {
            let answer = try await client.execute(
                outgoing,
                timeout: .nanoseconds(Int64(request.timeout / .nanoseconds(1)))
            )
            let body = try await answer.body.collect(upTo: request.maximumAnswer)
            return WireAnswer(
                status: Int(answer.status.code),
                headers: answer.headers,
                body: Array(body.readableBytesView)
            )
        } catch {
            throw Task.isCancelled ? .cancelled : WireFault(error)
        }
    }
}

extension WireFault {
    /// What the HTTP client reports, in words without addresses.
    init(_ error: any Error) {
        switch error {
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self = Self.fault(error)
        case is NIOTooManyBytesError: self = .failed("answers more than it should")
        case let error as IOError where [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode):
            self = .failed("cannot be reached, errno \(error.errnoCode)")
        case let error as IOError: self = .failed("broke the connection, errno \(error.errnoCode)")
        default:
            // Only the names of these types are within reach here: NIOConnectionError, and those of the TLS library.
            let type = String(describing: type(of: error))
            self =
                if type.contains("ConnectionError") {
                    .failed("cannot be reached")
                } else {
                    .failed(type.contains("SSL") ? "failed the TLS handshake" : "broke the connection")
                }
        }
    }

    private static func fault(_ error: HTTPClientError) -> WireFault {
        switch error {
        case .cancelled, .requestStreamCancelled: .cancelled
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath: .badURL
        case .connectTimeout: .failed("cannot be reached in time")
        case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
            .failed("does not answer in time")
        case .tlsHandshakeTimeout: .failed("failed the TLS handshake")
        case .alreadyShutdown: .failed("is closed")
        default: .failed("broke the connection")
        }
    }
}
