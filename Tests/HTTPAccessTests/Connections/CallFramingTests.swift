import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing
import TestSupport

@testable import HTTPAccess

/// Where one answer ends and the next begins, at every byte.
@Suite struct CallFramingTests {
    /// How an answer marks its end.
    enum Framing: CaseIterable {
        case length
        case chunks

        func answer(_ body: String) -> String {
            switch self {
            case .length: "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            case .chunks:
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\(body.utf8.count)\r\n\(body)\r\n0\r\n\r\n"
            }
        }
    }

    /// The bytes behind an answer begin an answer that no call asked for. The rest of it comes after the next request.
    @Test(arguments: Framing.allCases)
    func beginningOfASurplusAnswerEndsTheConnection(framing: Framing) async throws {
        let surplus = framing.answer("/x")
        let script: ScriptedServer.Script = { request in
            let count = Int(request.path.dropFirst()) ?? 0
            let (beginning, _) = surplus.split(count)
            let (_, rest) = surplus.split(count - 1)
            return [.send(request.index == 0 ? framing.answer(request.path) + beginning : rest)]
        }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }, script: script) { scenario in
            for count in 1..<surplus.utf8.count { try await scenario.expectEchoes("/\(count)") }
            #expect(scenario.server.record.connections == surplus.utf8.count - 1)
        }
    }

    /// As above, while other calls wait for the connection.
    @Test func beginningOfASurplusAnswerIsNotTheAnswerToAWaitingCall() async throws {
        let (beginning, rest) = Framing.length.answer("/x").split(20)
        let script: ScriptedServer.Script = { request in
            [.send(request.index == 0 ? Framing.length.answer(request.path) + beginning : rest)]
        }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }, script: script) { scenario in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["/a", "/b", "/c"] { group.addTask { try await scenario.expectEchoes(name) } }
                try await group.waitForAll()
            }
        }
    }

    /// The server closes a kept connection after each number of bytes of an answer. Only one connection may be open, so that a
    /// connection that is not counted out would stop all calls.
    @Test(arguments: Framing.allCases)
    func connectionMayCloseAtEachByte(framing: Framing) async throws {
        let whole = framing.answer("/end")
        let script: ScriptedServer.Script = { request in
            guard request.index > 0, let count = Int(request.path.dropFirst()) else {
                return [.send(framing.answer(request.path))]
            }
            return count == 0 ? [.close] : [.send(whole.split(count).0), .close]
        }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }, script: script) { scenario in
            for count in 0..<whole.utf8.count {
                try await scenario.expectEchoes("/open")
                if count == 0 {
                    try await scenario.expectEchoes("/0")
                } else {
                    try await scenario.expectFailure(scenario.request("/\(count)"), .closed)
                }
            }
            try await scenario.expectEchoes("/open")
            #expect(scenario.server.record.mostOpen <= 2)
        }
    }

    /// The parts of an answer may arrive in reads of any size.
    @Test(arguments: Framing.allCases)
    func answerMayArriveInTwoReads(framing: Framing) async throws {
        let whole = framing.answer("/a")
        try await CallScenario.with(script: { _ in [] }) { scenario in
            for count in 1..<whole.utf8.count {
                async let text = scenario.get("/a")
                try await eventually { scenario.server.paths.count == count }
                let (beginning, rest) = whole.split(count)
                scenario.server.perform([.send(beginning)], on: 0)
                scenario.server.perform([.send(rest)], on: 0)
                let received = try await text
                #expect(received == "/a")
            }
            #expect(scenario.server.record.connections == 1)
        }
    }

    /// A body that its status forbids may follow, and would be taken for the next answer.
    @Test(arguments: ["content-length: 5", "transfer-encoding: chunked"])
    func answerWithoutContentThatAnnouncesABodyEndsTheConnection(field: String) async throws {
        let script: ScriptedServer.Script = { _ in [.send("HTTP/1.1 204 No Content\r\n\(field)\r\n\r\n")] }
        try await CallScenario.with(script: script) { scenario in
            for _ in 0..<2 {
                let answer = try await scenario.send(scenario.request())
                #expect(answer.status == 204)
            }
            #expect(scenario.server.record.connections == 2)
        }
    }
}

extension String {
    /// The first bytes and the others. `\r\n` is one character.
    fileprivate func split(_ count: Int) -> (String, String) {
        (String(decoding: utf8.prefix(count), as: UTF8.self), String(decoding: utf8.dropFirst(count), as: UTF8.self))
    }
}
