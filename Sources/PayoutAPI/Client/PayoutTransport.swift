public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Synchronization

/// The HTTP connections that clients, token providers and downloads share. One for the whole process will do.
///
/// Redirects are never followed on the way, and connections are not retried on the way: both are decisions of the
/// layers above.
public final class PayoutTransport: Sendable {
    /// How connections are made and kept.
    public struct Configuration: Sendable {
        /// The longest wait for a connection, TLS included.
        public var connectTimeout: Duration = .seconds(10)
        /// The most HTTP/1 connections to one host. A request that finds none free waits up to ``connectTimeout``.
        public var maximumConnectionsPerHost = 128
        /// How long an unused connection is kept.
        public var idleConnectionTimeout: Duration = .seconds(60)

        /// The defaults.
        public init() {}
    }

    /// For calls: what comes compressed is unpacked, whether it was asked for or not.
    private let callClient: HTTPClient
    /// For files, whose bytes are handed on as they are.
    let blobClient: HTTPClient
    let configuration: Configuration
    private let telemetry = Mutex<[String: HTTPTelemetry]>([:])
    private let executors: [EventLoopExecutor]
    private let nextExecutor = Atomic(0)

    /// Opens nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: How connections are made and kept.
    ///   - customize: A last word on the HTTP client's configuration, for proxies and private certificate
    ///     authorities. Redirects and the HTTP client's own tracing stay off whatever it says.
    public init(
        configuration: Configuration = Configuration(),
        customize: ((inout HTTPClient.Configuration) -> Void)? = nil
    ) {
        var settings = HTTPClient.Configuration(
            timeout: .init(connect: configuration.connectTimeout.asTimeout),
            connectionPool: .init(
                idleTimeout: configuration.idleConnectionTimeout.asTimeout,
                concurrentHTTP1ConnectionsPerHostSoftLimit: max(1, configuration.maximumConnectionsPerHost)
            )
        )
        settings.connectionPool.retryConnectionEstablishment = false
        customize?(&settings)
        // The HTTP client would follow redirects with the SAS query, and put whole URLs into spans.
        settings.redirectConfiguration = .disallow
        settings.tracing.tracer = nil
        self.configuration = configuration
        self.callClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.forCalls(settings))
        self.blobClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.forFiles(settings))
        self.executors = self.callClient.eventLoopGroup.makeIterator().map { EventLoopExecutor($0) }
    }

    private static func forCalls(_ settings: HTTPClient.Configuration) -> HTTPClient.Configuration {
        var settings = settings
        settings.decompression = .enabled(limit: .size(Self.maximumAnswerSize))
        return settings
    }

    private static func forFiles(_ settings: HTTPClient.Configuration) -> HTTPClient.Configuration {
        var settings = settings
        settings.decompression = .disabled
        let initialize = settings.http1_1ConnectionDebugInitializer
        // Each read is a turn between the network's thread and the consumer's: a file takes fewer, bigger ones.
        settings.http1_1ConnectionDebugInitializer = { channel in
            let allocator = AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 65_536, maximum: 524_288)
            return channel.setOption(.recvAllocator, value: allocator).flatMap {
                initialize?(channel) ?? channel.eventLoop.makeSucceededVoidFuture()
            }
        }
        return settings
    }

    /// Where a task that does little more than calls of the API runs cheapest: on a thread that serves connections. Takes
    /// turns among them.
    ///
    /// What blocks or computes for long must not run there.
    public func taskExecutor() -> any TaskExecutor {
        let number = self.nextExecutor.wrappingAdd(1, ordering: .relaxed).oldValue
        return self.executors[Int(UInt(bitPattern: number) % UInt(self.executors.count))]
    }

    /// The largest answer to a call that is read, unpacked, in bytes.
    static let maximumAnswerSize = 1024 * 1024

    /// What records requests to a host that is only known from a URL. There are few such hosts, and the number of
    /// those that are remembered is bounded.
    func blobTelemetry(host: String, port: Int?) -> HTTPTelemetry {
        self.telemetry.withLock { known in
            if let telemetry = known[host] { return telemetry }
            let telemetry = HTTPTelemetry(host: host, port: port)
            if known.count < 64 { known[host] = telemetry }
            return telemetry
        }
    }

    /// Closes every connection. Requests under way fail. Has to be called before the transport is let go.
    public func shutdown() async throws {
        // Both are closed, whatever the first one says.
        do {
            try await self.callClient.shutdown()
        } catch {
            try? await self.blobClient.shutdown()
            throw error
        }
        try await self.blobClient.shutdown()
    }
}

/// A whole answer, body included.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer
}

/// A request that is sent in one piece.
struct OutgoingRequest {
    var method: HTTPMethod
    var url: String
    var headers: HTTPHeaders
    var body: ByteBuffer?
    var timeout: Duration
    /// The largest answer that is read, in bytes.
    var maximumAnswerSize = PayoutTransport.maximumAnswerSize
}

extension PayoutTransport {
    /// Sends a request and waits for the whole answer, body included, within the request's time-out.
    ///
    /// - Throws: ``TransportFault``, or `CancellationError` when the task was cancelled.
    func send(_ outgoing: OutgoingRequest) async throws -> HTTPAnswer {
        try Task.checkCancellation()
        do {
            let request = try HTTPClient.Request(
                url: outgoing.url,
                method: outgoing.method,
                headers: outgoing.headers,
                body: outgoing.body.map { .byteBuffer($0) }
            )
            // The delegate interface bounds the answer's body by the deadline too, and costs less than the
            // asynchronous one, which starts several tasks for each request.
            let task = self.callClient.execute(
                request: request,
                delegate: AnswerCollector(maximumSize: outgoing.maximumAnswerSize),
                deadline: .now() + outgoing.timeout.asTimeout
            )
            return try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw TransportFault(error)
        }
    }
}

/// Gathers one answer. Every method is called on the request's event loop, one after another; the box is for the
/// compiler.
private final class AnswerCollector: HTTPClientResponseDelegate {
    typealias Response = HTTPAnswer

    private struct State {
        var head: HTTPResponseHead?
        var body = ByteBuffer()
    }

    private let maximumSize: Int
    private let state = Mutex(State())

    init(maximumSize: Int) {
        self.maximumSize = maximumSize
    }

    func didReceiveHead(task: HTTPClient.Task<Response>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        self.state.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Response>, _ part: ByteBuffer) -> EventLoopFuture<Void> {
        let fits = self.state.withLock { state in
            guard state.body.readableBytes + part.readableBytes <= self.maximumSize else { return false }
            if state.body.readableBytes == 0 {
                state.body = part
            } else {
                state.body.writeImmutableBuffer(part)
            }
            return true
        }
        return fits
            ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(AnswerTooBigError())
    }

    func didFinishRequest(task: HTTPClient.Task<Response>) throws -> HTTPAnswer {
        try self.state.withLock { state in
            guard let head = state.head else { throw HTTPClientError.remoteConnectionClosed }
            return HTTPAnswer(status: Int(head.status.code), headers: head.headers, body: state.body)
        }
    }
}

/// The answer is larger than any that the service gives.
struct AnswerTooBigError: Error {}
