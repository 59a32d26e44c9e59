import Foundation
import HTTPStandIns
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing
import TestSupport

@testable import HTTPAccess

/// A scripted server and a transport for calls to it.
struct CallScenario {
    let server: ScriptedServer
    let transport: HTTPTransport
    private let origin: String

    /// Runs a test, and closes server and transport.
    ///
    /// - Parameters:
    ///   - tls: The server's TLS context; nil serves plain TCP.
    ///   - host: The host in URLs.
    ///   - change: Changes the transport's configuration, whose time-outs only bound a hang.
    static func with(
        tls: NIOSSLContext? = nil,
        host: String = "127.0.0.1",
        scheme: String? = nil,
        readsBodies: Bool = true,
        _ change: (inout HTTPTransport.Configuration) -> Void = { _ in },
        script: @escaping ScriptedServer.Script,
        _ body: (CallScenario) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer(tls: tls, readsBodies: readsBodies, script)
        var configuration = HTTPTransport.Configuration()
        configuration.connectTimeout = .seconds(300)
        configuration.idleConnectionTimeout = .seconds(300)
        if tls != nil { configuration.network.additionalRoots = try await TestCertificate.roots() }
        change(&configuration)
        let scenario = CallScenario(
            server: server,
            transport: HTTPTransport(configuration: configuration),
            origin: "\(scheme ?? (tls == nil ? "http" : "https"))://\(host):\(server.port)"
        )
        var failure: (any Error)?
        do { try await body(scenario) } catch { failure = error }
        // A test may have shut it down already.
        try? await scenario.transport.shutdown()
        await server.stop()
        if let failure { throw failure }
    }

    func request(
        _ path: String = "/",
        method: HTTPMethod = .GET,
        body: ByteBuffer? = nil,
        timeout: Duration = .seconds(300),
        maximumAnswerSize: Int = HTTPTransport.maximumAnswerSize,
        isIdempotent: Bool = true
    ) -> OutgoingRequest {
        var request = OutgoingRequest(
            method: method,
            url: origin + path,
            body: body,
            timeout: timeout,
            maximumAnswerSize: maximumAnswerSize
        )
        request.isCall = true
        request.isIdempotent = isIdempotent
        return request
    }

    func send(_ request: OutgoingRequest) async throws -> HTTPAnswer { try await transport.send(request) }

    /// The text of the answer to a GET.
    func get(_ path: String = "/") async throws -> String {
        String(buffer: try await send(request(path)).body)
    }

    func fault(_ request: OutgoingRequest) async throws -> TransportFault {
        try await failure(of: TransportFault.self) { try await transport.send(request) }
    }

    /// Sends calls, one after another, whose paths the server answers with.
    func expectEchoes(_ paths: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for path in paths {
            let text = try await get(path)
            #expect(text == path, sourceLocation: sourceLocation)
        }
    }

    func expectFailure(
        _ request: OutgoingRequest,
        _ kind: TransportFailure,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let fault = try await fault(request)
        #expect(fault.failure == kind, "\(fault)", sourceLocation: sourceLocation)
    }

    func expectFault(
        _ request: OutgoingRequest,
        _ expected: TransportFault,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let fault = try await fault(request)
        #expect(fault == expected, sourceLocation: sourceLocation)
    }

    /// Waits until the server sees a connection closed.
    func closed(_ connection: Int) async throws {
        try await eventually { server.record.closed.contains(connection) }
    }
}

extension ScriptedServer.Step {
    /// An answer with a length.
    static func answer(_ body: String = "", status: Int = 200, headers: String...) -> Self {
        let lines = ["HTTP/1.1 \(status) Status", "content-length: \(body.utf8.count)"] + headers
        return .send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }
}

extension TestCertificate {
    /// The authority, as a transport trusts it.
    static func roots() async throws -> TrustRoots {
        var roots: TrustRoots?
        try await withTemporaryFolder { folder in
            let path = folder + "/authority.pem"
            try authority.write(toFile: path, atomically: true, encoding: .utf8)
            roots = try TrustRoots(pemFile: path)
        }
        return try #require(roots)
    }
}
