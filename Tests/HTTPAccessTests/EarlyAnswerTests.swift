import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

@Suite("Early answers", .bothTransports)
struct EarlyAnswerTests {
    /// The HTTP client ends the process when a connection becomes idle after it was closed.
    @Test func serverThatClosesAfterAnEarlyAnswerIsSurvived() async throws {
        let server = try await ScriptedServer(readsBodies: false) { _ in
            [.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), .close]
        }
        let transport = HTTPTransport(configuration: BothTransports.configuration)
        let url = server.url
        let ended = await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<250 {
                        var request = OutgoingRequest(method: .PUT, url: url, timeout: .seconds(300))
                        request.body = ByteBuffer(repeating: 0x20, count: 1_000)
                        request.isCall = true
                        // Whether the answer or the closed connection is seen is a matter of luck.
                        _ = try? await transport.send(request)
                    }
                }
            }
            return await group.reduce(0) { count, _ in count + 1 }
        }
        #expect(ended == 4)
        try await transport.shutdown()
        await server.stop()
    }
}
