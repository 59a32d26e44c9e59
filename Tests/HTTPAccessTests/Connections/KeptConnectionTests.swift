import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// When a connection is used again, and what happens to a call whose connection the server has closed.
@Suite struct KeptConnectionTests {
    @Test func connectionIsUsedAgain() async throws {
        try await CallScenario.with(script: { [.answer($0.path)] }) { scenario in
            try await scenario.expectEchoes("/a", "/b", "/c")
            #expect(scenario.server.record.requests.map(\.index) == [0, 1, 2])
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\ncontent-length: 1\r\n\r\nx",
        "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=0\r\ncontent-length: 1\r\n\r\nx",
        // A surplus answer in the same read, which must not become the answer to the next call.
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ny",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx\r\n\r\nsurplus",
    ])
    func connectionIsNotUsedAgain(answer: String) async throws {
        try await CallScenario.with(script: { _ in [.send(answer)] }) { scenario in
            for _ in 0..<2 { #expect(try await scenario.get() == "x") }
            #expect(scenario.server.record.requests.map(\.connection) == [0, 1])
            try await scenario.closed(0)
        }
    }

    @Test func surplusAnswerIsNotTheAnswerToAWaitingCall() async throws {
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }) { request in
            [
                .send(
                    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\(request.path)HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n/x"
                )
            ]
        } _: { scenario in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["/a", "/b", "/c", "/d"] {
                    group.addTask { try await scenario.expectEchoes(name) }
                }
                try await group.waitForAll()
            }
            #expect(scenario.server.record.connections == 4)
        }
    }

    @Test func http10ConnectionIsUsedAgainWhereTheServerKeepsIt() async throws {
        let answer = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx"
        try await CallScenario.with(script: { _ in [.send(answer)] }) { scenario in
            for _ in 0..<2 { _ = try await scenario.get() }
            #expect(scenario.server.record.connections == 1)
        }
    }

    @Test func unusedConnectionIsClosed() async throws {
        try await CallScenario.with({ $0.idleConnectionTimeout = .milliseconds(1) }) { _ in
            [.answer()]
        } _: { scenario in
            _ = try await scenario.get()
            try await scenario.closed(0)
        }
    }

    @Test func connectionIsClosedBeforeTheServerClosesIt() async throws {
        try await CallScenario.with(script: { _ in [.answer(headers: "keep-alive: timeout=2")] }) { scenario in
            _ = try await scenario.get()
            try await scenario.closed(0)
        }
    }

    @Test(arguments: [
        ScriptedServer.Step.close, .reset, .send("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"),
        .send("\r\n"),
    ])
    func connectionThatEndsWhileUnusedIsNotUsed(step: ScriptedServer.Step) async throws {
        try await CallScenario.with(script: { [.answer($0.path)] }) { scenario in
            try await scenario.expectEchoes("/a")
            scenario.server.perform([step], on: 0)
            try await scenario.closed(0)
            try await scenario.expectEchoes("/b")
            #expect(scenario.server.record.requests.last?.connection == 1)
        }
    }

    @Test func connectionThatClosesBeforeItIsOpenIsNotUsed() {
        final class Owner: CallConnectionOwner {
            var lost = 0
            func added(_ connection: CallConnection) {}
            func removed(_ connection: CallConnection) {}
            func released(_ connection: CallConnection, _ keepAlive: KeepAlive) {}
            func lost(_ connection: CallConnection, resending call: PendingCall?) { lost += 1 }
        }
        let owner = Owner()
        let connection = CallConnection(owner: owner, isEncrypted: false, handshakeLimit: .distantFuture)
        connection.close(.connectionClosed)
        #expect(!connection.join())
        #expect(owner.lost == 0)
    }

    // MARK: - Calls that are sent again

    /// The first request of each connection is answered, the others meet an end of the connection.
    private static func answersOnce(_ steps: [ScriptedServer.Step]) -> ScriptedServer.Script {
        { $0.index == 0 ? [.answer($0.path)] : steps }
    }

    @Test(arguments: [ScriptedServer.Step.close, .reset])
    func callIsSentAgainWhereTheKeptConnectionCloses(step: ScriptedServer.Step) async throws {
        try await CallScenario.with(script: Self.answersOnce([step])) { scenario in
            try await scenario.expectEchoes("/a", "/b")
            #expect(scenario.server.paths == ["/a", "/b", "/b"])
            #expect(scenario.server.record.requests.map(\.connection) == [0, 0, 1])
        }
    }

    @Test func callIsSentAgainOnce() async throws {
        try await CallScenario.with(script: { $0.path == "/a" ? [.answer("/a")] : [.close] }) { scenario in
            _ = try await scenario.get("/a")
            try await scenario.expectFailure(scenario.request("/b"), .closed)
            #expect(scenario.server.paths == ["/a", "/b", "/b"])
        }
    }

    @Test func callThatIsNotIdempotentIsNotSentAgain() async throws {
        try await CallScenario.with(script: Self.answersOnce([.close])) { scenario in
            _ = try await scenario.get("/a")
            try await scenario.expectFailure(scenario.request("/b", method: .POST, isIdempotent: false), .closed)
            #expect(scenario.server.paths == ["/a", "/b"])
        }
    }

    @Test func callOnAFreshConnectionIsNotSentAgain() async throws {
        try await CallScenario.with(script: { _ in [.close] }) { scenario in
            try await scenario.expectFailure(scenario.request(), .closed)
            #expect(scenario.server.record.connections == 1)
        }
    }

    @Test(arguments: [
        "H", "HTTP/1.1 200 O", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
    ])
    func callWhoseAnswerBeganIsNotSentAgain(beginning: String) async throws {
        try await CallScenario.with(script: Self.answersOnce([.send(beginning), .close])) { scenario in
            _ = try await scenario.get("/a")
            try await scenario.expectFailure(scenario.request("/b"), .closed)
            #expect(scenario.server.paths == ["/a", "/b"])
        }
    }

    @Test func callIsSentAgainAlthoughOthersWait() async throws {
        let script: ScriptedServer.Script = { $0.connection == 0 && $0.index == 1 ? [.close] : [.answer($0.path)] }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }, script: script) { scenario in
            _ = try await scenario.get("/a")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["/b", "/c", "/d"] { group.addTask { try await scenario.expectEchoes(name) } }
                try await group.waitForAll()
            }
            #expect(scenario.server.record.requests.count == 5)
            #expect(scenario.server.record.mostOpen <= 2)
        }
    }
}
