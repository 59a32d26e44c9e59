import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// How requests and answers follow each other on one connection.
@Suite struct ExchangeStateTests {
    private static let limits = ExchangeState.Limits(body: 10)

    private func head(
        _ status: Int = 200,
        _ headers: HTTPHeaders = [:],
        version: HTTPVersion = .http1_1
    ) -> HTTPClientResponsePart {
        .head(HTTPResponseHead(version: version, status: .init(statusCode: status), headers: headers))
    }

    private func body(_ text: String) -> HTTPClientResponsePart { .body(ByteBuffer(string: text)) }

    /// A connection with a request in progress.
    private func begun(hasBody: Bool = false) -> ExchangeState {
        var state = ExchangeState()
        state.begin(Self.limits, hasBody: hasBody)
        return state
    }

    @Test func answerIsCompleteBeforeTheConnectionIsFree() {
        var state = begun()
        #expect(state.receive(bytes: 40).isNone)
        #expect(state.receive(head(201, ["a": "b"])).isNone)
        #expect(state.receive(body("ab")).isNone)
        #expect(state.receive(body("cd")).isNone)
        let answer = state.receive(.end(["trailer": "x"])).answer
        #expect(answer?.status == 201)
        #expect(answer?.headers == ["a": "b"])
        #expect(answer?.body == ByteBuffer(string: "abcd"))
        #expect(state.finishRead().keepAlive != nil)
        state.begin(Self.limits, hasBody: false)
        #expect(state.receive(head(204)).isNone)
        #expect(state.receive(.end(nil)).answer?.body.readableBytes == 0)
    }

    @Test func endOfAReadWithinAnAnswerFreesNothing() {
        var state = begun()
        #expect(state.finishRead().isNone)
        _ = state.receive(head())
        #expect(state.finishRead().isNone)
    }

    @Test func connectionWithoutKeepAliveIsClosedAfterTheAnswer() {
        for head in [head(200, ["connection": "close"]), head(200, [:], version: .http1_0)] {
            var state = begun()
            _ = state.receive(head)
            #expect(state.receive(.end(nil)).answer != nil)
            #expect(state.finishRead().isClose)
        }
    }

    @Test func unsolicitedBytesCloseTheConnection() {
        var idle = ExchangeState()
        #expect(idle.receive(bytes: 1).isClose)
        #expect(idle.receive(bytes: 1).isNone)
        // Bytes behind an answer, in the same read.
        var answered = begun()
        _ = answered.receive(head())
        _ = answered.receive(.end(nil))
        #expect(answered.receive(bytes: 1).isNone)
        #expect(answered.finishRead().isClose)
    }

    @Test func surplusAnswerClosesTheConnection() {
        var state = begun()
        _ = state.receive(head())
        _ = state.receive(.end(nil))
        #expect(state.fail(.notHTTP).isClose)
        #expect(state.finishRead().isNone)
    }

    @Test func answerBeforeTheEndOfTheRequestClosesTheConnection() {
        var early = begun(hasBody: true)
        _ = early.receive(head(413))
        #expect(early.receive(.end(nil)).answer?.status == 413)
        #expect(early.finishRead().isClose)
        var late = begun(hasBody: true)
        late.finishRequest()
        _ = late.receive(head())
        #expect(late.receive(.end(nil)).answer != nil)
        #expect(late.finishRead().keepAlive != nil)
    }

    @Test func bodyBeyondTheLimitFailsOnce() {
        var state = begun()
        _ = state.receive(head())
        #expect(state.receive(body("0123456789")).isNone)
        #expect(state.receive(body("0")).fault?.failure == .unreadable)
        #expect(state.receive(body("0")).isNone)
        #expect(state.receive(.end(nil)).isNone)
        #expect(state.fail(.connectionClosed).isNone)
    }

    @Test func headAndWireHaveLimits() {
        var endlessHead = begun()
        #expect(endlessHead.receive(bytes: ExchangeState.Limits.head + 1).isNone)
        #expect(endlessHead.receive(bytes: 1).fault == .answerTooLarge)
        var endlessChunks = begun()
        #expect(endlessChunks.receive(bytes: 100).isNone)
        _ = endlessChunks.receive(head())
        #expect(endlessChunks.receive(bytes: Self.limits.wire - 100).isNone)
        #expect(endlessChunks.receive(bytes: 1).fault == .answerTooLarge)
    }

    @Test func switchOfProtocolsIsUnreadable() {
        var state = begun()
        #expect(state.receive(head(101)).fault == .notHTTP)
    }

    @Test func failureReportsWhetherAnAnswerBegan() {
        var silent = begun()
        #expect(silent.fail(.connectionClosed).isUnanswered == true)
        var begunAnswer = begun()
        _ = begunAnswer.receive(bytes: 1)
        #expect(begunAnswer.fail(.connectionClosed).isUnanswered == false)
        var second = begun()
        _ = second.receive(bytes: 1)
        _ = second.receive(head())
        _ = second.receive(.end(nil))
        _ = second.finishRead()
        second.begin(Self.limits, hasBody: false)
        #expect(second.fail(.connectionClosed).isUnanswered == true)
    }

    @Test(
        arguments: [
            ([:], .some(nil)), (["keep-alive": "timeout=5, max=100"], 4), (["keep-alive": "Max=9 , Timeout = 3"], 2),
            (["keep-alive": "timeout=1"], .none), (["keep-alive": "timeout=0"], .none),
            (["keep-alive": "timeout=60, max=0"], .none), (["keep-alive": "timeout=-7"], .none),
            (["keep-alive": "timeout=99999999999999999999"], .some(nil)), (["keep-alive": "timeout"], .some(nil)),
            (["keep-alive": "x=1,,=,timeout=x"], .some(nil)), (["keep-alive": "timeout=9223372036854775807"], 86_399),
            (["connection": "close", "keep-alive": "timeout=5"], .none),
        ] as [(HTTPHeaders, Int64??)]
    )
    func connectionIsKeptForLessThanTheServerKeepsIt(headers: HTTPHeaders, seconds: Int64??) {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        #expect(KeepAlive(head).map(\.limit) == seconds.map { $0.map { .seconds($0) } })
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
