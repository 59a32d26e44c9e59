import NIOCore
import Testing

@testable import HTTPAccess

/// Which bytes are an answer, and where it ends.
@Suite struct AnswerParserTests {
    /// What the parser reads: status, fields and body of an answer, and what follows it.
    private struct Reading: Equatable {
        var status = 0
        var fields = ""
        var body = ""
        var isComplete = false
        var surplus = 0
    }

    /// Reads an answer that arrives in parts of some bytes each.
    private func read(_ text: String, isToHead: Bool = false, by count: Int = .max) throws -> Reading {
        var (parser, reading) = (AnswerParser(), Reading())
        parser.begin(isToHead: isToHead)
        var rest = ByteBuffer(string: text)
        while let bytes = rest.readSlice(length: min(count, rest.readableBytes)), bytes.readableBytes > 0 {
            parser.append(bytes)
            while !reading.isComplete, let part = try parser.next() {
                switch part {
                case .head(let head):
                    reading.status = head.status
                    reading.fields = head.fields.headers.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
                case .body(let body): reading.body += String(buffer: body)
                case .end: reading.isComplete = true
                }
            }
        }
        if !reading.isComplete { reading.isComplete = parser.finish() }
        reading.surplus = parser.surplus
        return reading
    }

    @Test(arguments: [1, 2, 3, 7, .max])
    func answerIsReadHoweverItArrives(count: Int) throws {
        let texts: [(String, Reading)] = [
            (
                "HTTP/1.1 200 OK\r\nA:b\r\nContent-Length: 2\r\nc: \t d e \t\r\n\r\nab",
                Reading(status: 200, fields: "A=b|Content-Length=2|c=d e", body: "ab", isComplete: true)
            ),
            (
                "HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=\"y\"\r\nab\r\n0A\r\n0123456789\r\n000\r\nt: u\r\n\r\n",
                Reading(status: 200, fields: "Transfer-Encoding=Chunked", body: "ab0123456789", isComplete: true)
            ),
            ("HTTP/1.1 204 \r\na: 0\r\n\r\n", Reading(status: 204, fields: "a=0", isComplete: true)),
            (
                "HTTP/1.1 304 A\r\ncontent-length: 9\r\n\r\n",
                Reading(status: 304, fields: "content-length=9", isComplete: true)
            ),
            ("HTTP/1.0 200 OK\r\nx:\r\n\r\nall", Reading(status: 200, fields: "x=", body: "all", isComplete: true)),
            (
                "HTTP/1.1 102 A\r\nx: y\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 200 \u{E4}\r\ncontent-length: 0\r\n\r\n",
                Reading(status: 200, fields: "content-length=0", isComplete: true)
            ),
            ("HTTP/1.1 101 A\r\n\r\n", Reading(status: 101, isComplete: true)),
        ]
        for (text, expected) in texts { #expect(try read(text, by: count) == expected) }
    }

    @Test func answerToHeadHasNoBody() throws {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
        #expect(try read(text, isToHead: true).isComplete)
        #expect(try !read(text).isComplete)
    }

    @Test func bytesBehindTheAnswerAreLeft() throws {
        let reading = try read("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n")
        #expect(reading.body == "x" && reading.surplus == 17)
    }

    @Test(arguments: [
        "", "HTTP/1.", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
    ])
    func truncatedAnswerIsNotComplete(text: String) throws {
        #expect(try !read(text).isComplete)
    }

    @Test(arguments: [
        "S", "\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n", "HTTP/1.1 200\tOK\r\n\r\n",
        "HTTP/1.1 200 O\u{7F}\r\n\r\n", "HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1 200 OK\rxa: b\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 200 OK\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1\u{E}1 200 OK\r\n\r\n",
    ])
    func invalidFirstLineIsRefused(text: String) throws { try expectRefusal(text) }

    @Test(arguments: [
        "a: b\n", "a: b\r\n c", "a : b", ": b", "ab", "a: b\u{0}", "a: b\rc", "a: b\rxc: d", "\u{E4}: b",
        "content-length: 1\r\ncontent-length: 1", "content-length: 1, 1", "content-length: -1", "content-length: +1",
        "content-length:", "content-length: 9999999999999999", "transfer-encoding: chunked\r\ncontent-length: 1",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked", "transfer-encoding: gzip, chunked",
        "transfer-encoding: identity",
    ])
    func invalidFieldIsRefused(fields: String) throws { try expectRefusal("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n") }

    @Test(arguments: [
        "\r\n", "-1\r\n", "0x1\r\n", "1 \r\n", "1\n", "1\r\nab\r\n", "FFFFFFFFFFFFFFFF\r\n", "1\rxa\r\n",
        "0\r\nab\r\n\r\n",
    ])
    func invalidChunkIsRefused(chunks: String) throws {
        try expectRefusal("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\(chunks)")
    }

    /// Once the bytes are there, whether or not others follow.
    private func expectRefusal(_ text: String) throws {
        for count in [1, Int.max] {
            #expect(throws: TransportFault.notHTTP) { try read(text, by: count) }
        }
    }

    @Test func fieldsHaveALimit() throws {
        let fields = String(repeating: "a: b\r\n", count: 256)
        #expect(try read("HTTP/1.1 204 A\r\n\(fields)\r\n").isComplete)
        // At once: the end of the head may never come.
        #expect(throws: TransportFault.notHTTP) { try read("HTTP/1.1 204 A\r\n\(fields)a: b\r\n") }
    }
}
