import HTTPAccess
import HTTPStandIns
import Testing
import TestSupport

@testable import PayoutAPI

/// Calls whose answer does not arrive or cannot be read.
extension PayoutClientTests {
    @Test func lostAnswerIsATransportError() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.code == "transport.closed")
            #expect(error.recovery == .retryable)
        }
    }

    @Test func slowAnswerTimesOut() async throws {
        try await withStub({ _, index in
            index == 0 ? .silence : .stalled(200, headers: [], announced: 100, body: [1])
        }) { server, transport in
            let client = try Self.client(server, transport, requestTimeout: .milliseconds(200))
            for _ in 0..<2 {
                let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
                #expect(error.code == "transport.timeout")
            }
        }
    }

    @Test func refusedConnectionIsATransportError() async throws {
        try await withStub({ _, _ in .close }) { server, transport in
            let client = try Self.client(server, transport)
            await server.stop()
            let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
            #expect(error.code == "transport.connect")
        }
    }

    @Test func answerThatIsNotHTTPIsATransportError() async throws {
        try await withStub({ _, _ in .garbage("hello\r\n\r\n") }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
            #expect(["transport.unreadable", "transport.closed"].contains(error.code))
        }
    }

    @Test func oversizedAnswerIsATransportError() async throws {
        try await withStub({ _, _ in .bytes(200, body: Array(repeating: 0x20, count: 3_000_000)) }) {
            server,
            transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
            #expect(error.code == "transport.unreadable")
        }
    }

    @Test func cancellationOfTheTaskCancelsTheRequest() async throws {
        try await withStub({ _, _ in .silence }) { server, transport in
            let client = try Self.client(server, transport)
            let task = Task { try await get(client) }
            try await eventually { server.requests.count == 1 }
            task.cancel()
            let result = await task.result
            #expect(throws: CancellationError.self) { try result.get() }
        }
    }
}
