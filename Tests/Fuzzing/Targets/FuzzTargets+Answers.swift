import HTTPStandIns
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Primitives
import Synchronization
import TestSupport

@testable import HTTPAccess

extension FuzzTarget {
    /// The bytes that a server sends on a connection with calls.
    static let answers = FuzzTarget(
        name: "answers",
        dictionary: [
            "HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n", "content-length: 5\r\n", "content-length: 0\r\n",
            "transfer-encoding: chunked\r\n", "connection: close\r\n", "keep-alive: timeout=2, max=1\r\n",
            "content-encoding: gzip\r\n", "\r\n\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "\r\n", ": ", "\u{1F}",
        ],
        problem: { bytes in
            let whole = AnswerTrial(bytes, cuts: { _ in nil }).outcome
            let single = AnswerTrial(bytes, cuts: { $0 + 1 }).outcome
            var random = SeededGenerator(seed: UInt64(bytes.count) &+ UInt64(bytes.first ?? 0))
            let split = AnswerTrial(bytes, cuts: { $0 + Int.random(in: 1...40, using: &random) }).outcome
            if let problem = whole.problem ?? single.problem ?? split.problem { return problem }
            guard whole.first == single.first, whole.first == split.first else {
                return "the result depends on how the bytes arrive: \(whole.first), \(single.first), \(split.first)"
            }
            // The parser may be stricter than another one, but what it accepts must mean the same to both.
            guard whole.isAnswer, let other = otherReading(of: bytes), other != whole.first else { return nil }
            return "another parser reads \(other), this one \(whole.first)"
        }
    )
}

/// The first answer as SwiftNIO's parser reads it; nil where the answer has a content coding, which it does not decode, and where
/// it may have refused the extension of a chunk, which has no meaning here.
private func otherReading(of bytes: [UInt8]) -> String? {
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPResponseDecoder()))
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var fault = "no answer"
    do {
        let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        channel.pipeline.write(HTTPClientRequestPart.head(request), promise: nil)
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    } catch {
        // Bytes behind the answer are errors too.
        fault = "\(error)"
    }
    channel.pipeline.fireChannelInactive()
    var answer: HTTPAnswer?
    while let part = try? channel.readInbound(as: HTTPClientResponsePart.self) {
        switch part {
        case .head(let head) where head.headers.contains(name: "content-encoding"): return nil
        case .head(let head): answer = HTTPAnswer(status: Int(head.status.code), headers: head.headers)
        case .body(let body): answer?.body.writeImmutableBuffer(body)
        case .end: return answer.map(AnswerTrial.text) ?? fault
        }
    }
    return bytes.contains(UInt8(ascii: ";")) ? nil : fault
}

/// One input on one connection: a call, and a second one once the first has set the connection free.
private struct AnswerTrial {
    struct Outcome {
        /// The result of the first call.
        var first = ""
        var isAnswer: Bool { first.first?.isNumber == true }
        var problem: String?
    }

    private static let limits = ExchangeState.Limits(body: 512)

    private(set) var outcome = Outcome()

    /// - Parameter cuts: Where the next read ends that begins at an offset; nil at the end of the input.
    init(_ bytes: [UInt8], cuts: (Int) -> Int?) {
        let owner = Owner()
        let channel = EmbeddedChannel()
        let connection = CallConnection(owner: owner, isEncrypted: false, handshakeLimit: .distantFuture)
        do {
            try channel.pipeline.syncOperations.addHandler(connection)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        } catch {
            outcome.problem = "no channel: \(error)"
            return
        }
        guard connection.join() else {
            outcome.problem = "the connection is closed"
            return
        }
        let results = [Results(), Results()]
        connection.start(Self.call(results[0]))
        var hasSecond = false
        var offset = 0
        while offset < bytes.count, channel.isActive {
            let end = min(bytes.count, cuts(offset) ?? bytes.count)
            // Errors arrive at the connection, which closes the channel.
            _ = try? channel.writeInbound(ByteBuffer(bytes: bytes[offset..<end]))
            channel.embeddedEventLoop.run()
            offset = end
            if owner.released > 0, !hasSecond, channel.isActive {
                hasSecond = true
                connection.start(Self.call(results[1]))
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        channel.embeddedEventLoop.run()
        outcome.first = results[0].all.first ?? "none"
        let counts = results.map { $0.all.count }
        if counts != [1, hasSecond ? 1 : 0] { outcome.problem = "the calls have \(counts) results" }
        if owner.lost != 1 { outcome.problem = "the connection was lost \(owner.lost) times" }
        if owner.removed != 1 { outcome.problem = "the connection was removed \(owner.removed) times" }
    }

    private static func call(_ results: Results) -> PendingCall {
        let call = PendingCall(limits: limits, deadline: .distantFuture, isIdempotent: false)
        call.begin { results.append($0) }
        return call
    }

    static func text(_ answer: HTTPAnswer) -> String {
        // SwiftNIO's parser keeps some blanks behind a value.
        let fields = answer.headers.map { "\($0.name): \($0.value.trimmingBlanks())" }
        return "\(answer.status) \(fields) \(answer.body)"
    }

    /// What calls returned.
    private final class Results: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }

        func append(_ result: Result<HTTPAnswer, any Error>) {
            let text =
                switch result {
                case .success(let answer) where answer.body.readableBytes <= limits.body: AnswerTrial.text(answer)
                case .success(let answer): "a body of \(answer.body.readableBytes) bytes"
                case .failure(let error): "\((error as? TransportFault)?.failure.rawValue ?? "unknown error")"
                }
            texts.withLock { $0.append(text) }
        }
    }

    private final class Owner: CallConnectionOwner {
        private(set) var released = 0
        private(set) var lost = 0
        private(set) var removed = 0

        func added(_ connection: CallConnection) {}
        func removed(_ connection: CallConnection) { removed += 1 }
        func released(_ connection: CallConnection, _ keepAlive: KeepAlive) { released += 1 }
        func lost(_ connection: CallConnection, resending call: PendingCall?) { lost += 1 }
    }
}
