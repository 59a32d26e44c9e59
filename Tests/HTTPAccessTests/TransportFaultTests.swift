import Foundation
import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// How failures of requests are classified.
@Suite("Requests without an answer", .bothTransports)
struct TransportFaultTests {
    private func call(_ url: String, _ headers: HTTPHeaders = [:]) -> OutgoingRequest {
        var request = OutgoingRequest(method: .GET, url: url, headers: headers, timeout: .seconds(300))
        request.isCall = true
        return request
    }

    private func fault(_ url: String, _ headers: HTTPHeaders = [:]) async throws -> TransportFault {
        let transport = HTTPTransport(configuration: BothTransports.configuration)
        let fault = try await failure(of: TransportFault.self) { try await transport.send(call(url, headers)) }
        try await transport.shutdown()
        return fault
    }

    @Test(arguments: ["", "hello", "http://", "ftp://localhost/"])
    func malformedURLIsUnsendable(url: String) async throws {
        let fault = try await fault(url)
        #expect(fault.failure == .unsendable)
    }

    @Test(arguments: [("authorization", "Bearer a\r\nb"), ("a b", "c"), ("x", "a\u{0}")])
    func invalidHeaderIsUnsendableAndNotShown(name: String, value: String) async throws {
        let fault = try await fault("http://127.0.0.1:1/", [name: value])
        #expect(fault.failure == .unsendable)
        #expect(!fault.detail.contains("Bearer"))
    }

    @Test func closedTransportIsShutDown() async throws {
        let transport = HTTPTransport(configuration: BothTransports.configuration)
        try await transport.shutdown()
        let request = call("http://127.0.0.1:1/")
        let send = try await failure(of: TransportFault.self) { try await transport.send(request) }
        let open = try await failure(of: TransportFault.self) { try await transport.open(request) }
        #expect(send.failure == .shutDown && open.failure == .shutDown)
        await #expect(throws: TransportFault.self) { try await transport.shutdown() }
    }

    /// The system refuses a link-local address without an interface.
    @Test func addressThatCannotBeReachedIsAConnectFailure() async throws {
        let fault = try await fault("http://[fe80::1]:81/")
        #expect(fault.failure == .connect, "\(fault)")
    }

    @Test(arguments: [EINVAL, ETIMEDOUT, EHOSTUNREACH, ECONNREFUSED, ECONNRESET])
    func errorOfAnAttemptToConnectIsAConnectFailure(code: CInt) {
        #expect(TransportFault(connecting: IOError(errnoCode: code, reason: "connect")).failure == .connect)
    }

    @Test(arguments: [ETIMEDOUT, ECONNRESET, EPIPE])
    func errorOfAConnectionIsNoConnectFailure(code: CInt) {
        #expect(TransportFault(IOError(errnoCode: code, reason: "read")).failure == .closed)
    }

    @Test func refusedConnectionIsAConnectFailure() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let request = call(server.url)
            await server.stop()
            let open = try await failure(of: TransportFault.self) { try await transport.open(request) }
            let send = try await failure(of: TransportFault.self) { try await transport.send(request) }
            #expect(open.failure == .connect && send.failure == .connect)
        }
    }
}
