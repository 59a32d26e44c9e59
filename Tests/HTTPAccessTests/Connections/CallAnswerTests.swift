import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// Every form of answer that HTTP/1.1 permits, and those that it does not.
@Suite struct CallAnswerTests {
    /// Answers every request with the same bytes.
    private func answer(
        _ steps: ScriptedServer.Step...,
        maximumSize: Int = 1000,
        _ check: (CallScenario, OutgoingRequest) async throws -> Void
    ) async throws {
        try await CallScenario.with(script: { _ in steps }) { scenario in
            try await check(scenario, scenario.request(maximumAnswerSize: maximumSize))
        }
    }

    @Test(
        arguments: [
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            ("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", 204, ""),
            ("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n", 304, ""),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, ""),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nchecksum: 7\r\n\r\n",
                200, "abc"
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
                200, "x"
            ),
            // Some servers offer other protocols with each answer.
            ("HTTP/1.1 200 OK\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 1\r\n\r\nx", 200, "x"),
            ("HTTP/1.1 500\r\ncontent-length: 1\r\n\r\nx", 500, "x"),
        ] as [(String, Int, String)]
    )
    func answerIsReadAndTheConnectionUsedAgain(text: String, status: Int, body: String) async throws {
        try await answer(.send(text)) { scenario, request in
            for _ in 0..<2 {
                let answer = try await scenario.send(request)
                #expect(answer.status == status)
                #expect(String(buffer: answer.body) == body)
                #expect(!answer.headers.contains(name: "checksum") && !answer.headers.contains(name: "link"))
            }
            #expect(scenario.server.record.connections == 1)
        }
    }

    @Test func bodyWithoutALengthEndsWithItsConnection() async throws {
        try await answer(.send("HTTP/1.1 200 OK\r\n\r\nall of it"), .close) { scenario, request in
            for _ in 0..<2 {
                let answer = try await scenario.send(request)
                #expect(String(buffer: answer.body) == "all of it")
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 100 OK\r\n\r\n",
    ])
    func truncatedAnswerIsClosed(text: String) async throws {
        try await answer(.send(text), .close) { scenario, request in
            try await scenario.expectFailure(request, .closed)
        }
    }

    @Test(arguments: [
        "hello\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
        // The header of a compressed stream, and nothing after it.
        "HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\ncontent-length: 2\r\n\r\nx\u{01}",
    ])
    func invalidAnswerIsUnreadable(text: String) async throws {
        try await answer(.send(text)) { scenario, request in
            try await scenario.expectFailure(request, .unreadable)
            try await scenario.closed(0)
        }
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", "x", 1001),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n", 1001),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", "x", 1_000_000),
            ("HTTP/1.1 200 OK\r\n", "x: y\r\n", 300),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "x: y\r\n", 300),
            ("HTTP/1.1 200 OK\r\nx: ", "x", 1_000_000), ("", "HTTP/1.1 100 Continue\r\n\r\n", 40_000),
        ]
    )
    func answerBeyondTheLimitsIsUnreadable(beginning: String, repeated: String, count: Int) async throws {
        try await answer(.send(beginning + String(repeating: repeated, count: count))) { scenario, request in
            try await scenario.expectFailure(request, .unreadable)
            try await scenario.closed(0)
        }
    }

    @Test func answerAtTheLimitIsRead() async throws {
        let chunks = String(repeating: "1\r\nx\r\n", count: 1000)
        try await answer(.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n")) {
            scenario,
            request in
            let answer = try await scenario.send(request)
            #expect(answer.body.readableBytes == 1000)
        }
    }

    @Test func answerBeforeTheEndOfTheRequestEndsTheConnection() async throws {
        let script: ScriptedServer.Script = { [.answer($0.path, status: 413)] }
        try await CallScenario.with(readsBodies: false, script: script) { scenario in
            let body = ByteBuffer(repeating: 0x20, count: 64 * 1024 * 1024)
            for path in ["/a", "/b"] {
                let answer = try await scenario.send(scenario.request(path, method: .POST, body: body))
                #expect(answer.status == 413 && String(buffer: answer.body) == path)
            }
            #expect(scenario.server.record.connections == 2)
        }
    }

    // MARK: - Requests

    @Test func requestIsFramedOnce() async throws {
        try await CallScenario.with(script: { _ in [.answer()] }) { scenario in
            var request = scenario.request("/a?b=c#fragment", method: .POST, body: ByteBuffer(string: "abc"))
            request.headers = ["content-length": "7", "transfer-encoding": "chunked", "x": "y"]
            _ = try await scenario.send(request)
            request.body = nil
            _ = try await scenario.send(request)
            for method in [HTTPMethod.GET, .DELETE] {
                var request = scenario.request("?b", method: method)
                request.headers = ["x": "y"]
                _ = try await scenario.send(request)
            }
            let common = "x: y\r\nhost: 127.0.0.1:\(scenario.server.port)\r\naccept-encoding: deflate, gzip\r\n"
            #expect(
                scenario.server.record.requests.map(\.text) == [
                    "POST /a?b=c HTTP/1.1\r\n\(common)content-length: 3\r\n\r\nabc",
                    "POST /a?b=c HTTP/1.1\r\n\(common)content-length: 0\r\n\r\n", "GET /?b HTTP/1.1\r\n\(common)\r\n",
                    "DELETE /?b HTTP/1.1\r\n\(common)\r\n",
                ]
            )
        }
    }

    @Test(arguments: ["/a b", "/a\r\nx: y", "/ä", "/a\u{0}", "/\u{7F}"])
    func invalidPathIsUnsendable(path: String) async throws {
        try await CallScenario.with(script: { _ in [.answer()] }) { scenario in
            try await scenario.expectFailure(scenario.request(path), .unsendable)
            #expect(scenario.server.record.connections == 0)
        }
    }
}
