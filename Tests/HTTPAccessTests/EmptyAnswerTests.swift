import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// Answers that name a content coding and have no body.
@Suite("Empty answers with a content coding", .bothTransports)
struct EmptyAnswerTests {
    private static let coding = [("content-encoding", "gzip")]

    private func answer(_ reply: StubReply, to method: HTTPMethod = .GET) async throws -> HTTPAnswer {
        var answer: HTTPAnswer?
        try await withStub({ _, _ in reply }) { server, transport in
            var request = OutgoingRequest(method: method, url: server.url, timeout: .seconds(300))
            request.isCall = true
            answer = try await transport.send(request)
        }
        return try #require(answer)
    }

    @Test(arguments: [200, 204, 404])
    func emptyAnswerIsRead(status: Int) async throws {
        let answer = try await answer(.answer(status, headers: Self.coding))
        #expect(answer.status == status)
        #expect(answer.body.readableBytes == 0)
    }

    /// A compressed stream's header, whose rest is missing.
    @Test func truncatedAnswerIsUnreadable() async throws {
        let reply = StubReply.bytes(200, headers: Self.coding, body: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
        let fault = try await failure(of: TransportFault.self) { try await answer(reply) }
        #expect(fault.failure == .unreadable)
    }
}
