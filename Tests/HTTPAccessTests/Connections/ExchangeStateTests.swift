import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// How requests and answers follow each other on one connection.
@Suite struct ExchangeStateTests {
    private static let limits = ExchangeState.Limits(body: 10)

    private func head(_ status: Int = 200, _ fields: String..., version: String = "1.1") throws -> AnswerParser.Part {
        .head(try AnswerHead(status, fields, version: version))
    }

    private func body(_ text: String) -> AnswerParser.Part { .body(ByteBuffer(string: text)) }

    /// A connection with a request in progress.
    private func begun(hasBody: Bool = false) -> ExchangeState {
        var state = ExchangeState()
        state.begin(Self.limits, hasBody: hasBody)
        return state
    }

    @Test func answerIsCompleteBeforeTheConnectionIsFree() throws {
        var state = begun()
        #expect(state.receive(bytes: 40).isNone)
        #expect(try state.receive(head(201, "a: b")).isNone)
        #expect(state.receive(body("ab")).isNone)
        #expect(state.receive(body("cd")).isNone)
        let answer = state.receive(.end).answer
        #expect(answer?.status == 201)
        #expect(answer?.headers == ["a": "b"])
        #expect(answer?.body == ByteBuffer(string: "abcd"))
        #expect(state.finishRead().keepAlive != nil)
        state.begin(Self.limits, hasBody: false)
        #expect(try state.receive(head(204)).isNone)
        #expect(state.receive(.end).answer?.body.readableBytes == 0)
    }

    @Test func endOfAReadWithinAnAnswerFreesNothing() throws {
        var state = begun()
        #expect(state.finishRead().isNone)
        _ = try state.receive(head())
        #expect(state.finishRead().isNone)
    }

    @Test func connectionWithoutKeepAliveIsClosedAfterTheAnswer() throws {
        for head in [try head(200, "connection: close"), try head(version: "1.0")] {
            var state = begun()
            _ = state.receive(head)
            #expect(state.receive(.end).answer != nil)
            #expect(state.finishRead().isClose)
        }
    }

    @Test func unsolicitedBytesCloseTheConnection() throws {
        var idle = ExchangeState()
        #expect(idle.receive(bytes: 1).isClose)
        #expect(idle.receive(bytes: 1).isNone)
        // Bytes behind an answer, in the same read.
        var answered = begun()
        _ = try answered.receive(head())
        _ = answered.receive(.end)
        #expect(answered.receive(bytes: 1).isNone)
        #expect(answered.finishRead().isClose)
    }

    @Test func surplusAnswerClosesTheConnection() throws {
        var state = begun()
        _ = try state.receive(head())
        _ = state.receive(.end)
        #expect(state.fail(.notHTTP).isClose)
        #expect(state.finishRead().isNone)
    }

    @Test func answerBeforeTheEndOfTheRequestClosesTheConnection() throws {
        var early = begun(hasBody: true)
        _ = try early.receive(head(413))
        #expect(early.receive(.end).answer?.status == 413)
        #expect(early.finishRead().isClose)
        var late = begun(hasBody: true)
        late.finishRequest()
        _ = try late.receive(head())
        #expect(late.receive(.end).answer != nil)
        #expect(late.finishRead().keepAlive != nil)
    }

    @Test func bodyBeyondTheLimitFailsOnce() throws {
        var state = begun()
        _ = try state.receive(head())
        #expect(state.receive(body("0123456789")).isNone)
        #expect(state.receive(body("0")).fault?.failure == .unreadable)
        #expect(state.receive(body("0")).isNone)
        #expect(state.receive(.end).isNone)
        #expect(state.fail(.connectionClosed).isNone)
    }

    @Test func headAndWireHaveLimits() throws {
        var endlessHead = begun()
        #expect(endlessHead.receive(bytes: ExchangeState.Limits.head + 1).isNone)
        #expect(endlessHead.receive(bytes: 1).fault == .answerTooLarge)
        var endlessChunks = begun()
        #expect(endlessChunks.receive(bytes: 100).isNone)
        _ = try endlessChunks.receive(head())
        #expect(endlessChunks.receive(bytes: Self.limits.wire - 100).isNone)
        #expect(endlessChunks.receive(bytes: 1).fault == .answerTooLarge)
    }

    @Test func switchOfProtocolsIsUnreadable() throws {
        var state = begun()
        #expect(try state.receive(head(101)).fault == .notHTTP)
    }

    @Test func failureReportsWhetherAnAnswerBegan() throws {
        var silent = begun()
        #expect(silent.fail(.connectionClosed).isUnanswered == true)
        var begunAnswer = begun()
        _ = begunAnswer.receive(bytes: 1)
        #expect(begunAnswer.fail(.connectionClosed).isUnanswered == false)
        var second = begun()
        _ = second.receive(bytes: 1)
        _ = try second.receive(head())
        _ = second.receive(.end)
        _ = second.finishRead()
        second.begin(Self.limits, hasBody: false)
        #expect(second.fail(.connectionClosed).isUnanswered == true)
    }

    @Test(
        arguments: [
            ([], .some(nil)), (["keep-alive: timeout=5, max=100"], 4), (["Keep-Alive: Max=9 , Timeout = 3"], 2),
            (["keep-alive: timeout=1"], .none), (["keep-alive: timeout=0"], .none),
            (["keep-alive: timeout=60, max=0"], .none), (["keep-alive: timeout=-7"], .none),
            (["keep-alive: timeout=99999999999999999999"], .some(nil)), (["keep-alive: timeout"], .some(nil)),
            (["keep-alive: x=1,,=,timeout=x"], .some(nil)), (["keep-alive: timeout=9223372036854775807"], 86_399),
            (["Connection: upgrade, Close", "keep-alive: timeout=5"], .none),
        ] as [([String], Int64??)]
    )
    func connectionIsKeptForLessThanTheServerKeepsIt(fields: [String], seconds: Int64??) throws {
        let head = try AnswerHead(200, fields)
        #expect(KeepAlive(head).map(\.limit) == seconds.map { $0.map { .seconds($0) } })
    }

    @Test(arguments: [
        ([], true), (["content-length: 0"], true), (["content-length: 5"], false),
        (["transfer-encoding: chunked"], false),
    ])
    func connectionIsNotKeptWhereAForbiddenBodyMayFollow(fields: [String], isKept: Bool) throws {
        #expect((KeepAlive(try AnswerHead(204, fields)) != nil) == isKept)
    }
}

extension AnswerHead {
    /// The head of an answer with some fields, such as `connection: close`.
    fileprivate init(_ status: Int, _ fields: [String], version: String = "1.1") throws {
        let lines = ["HTTP/\(version) \(status) Text"] + fields
        try self.init(ByteBuffer(string: lines.map { $0 + "\r\n" }.joined() + "\r\n"))
    }
}

extension ExchangeState.Action {
    fileprivate var isNone: Bool { if case .none = self { true } else { false } }
    fileprivate var isClose: Bool { if case .close = self { true } else { false } }
    fileprivate var answer: HTTPAnswer? { if case .complete(let answer) = self { answer } else { nil } }
    fileprivate var keepAlive: KeepAlive? { if case .release(let keepAlive) = self { keepAlive } else { nil } }
    fileprivate var fault: TransportFault? { if case .fail(let fault, _) = self { fault } else { nil } }
    fileprivate var isUnanswered: Bool? { if case .fail(_, let isUnanswered) = self { isUnanswered } else { nil } }
}
