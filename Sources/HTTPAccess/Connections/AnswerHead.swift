import NIOCore
import Primitives

/// The head of an answer: its status, its fields, and what they say about the body and the connection (RFC 9112).
/// ``AnswerParser`` reads one for each answer.
struct AnswerHead {
    /// How the end of a body is marked.
    enum Framing: Equatable {
        case length(Int)
        case chunks
        /// The end of the connection.
        case close
    }

    let status: Int
    let fields: AnswerFields
    /// What the fields say, whether or not the status permits a body.
    private(set) var framing = Framing.close
    /// Whether the body has a coding, such as `gzip`.
    private(set) var hasCoding = false
    /// The value of the `keep-alive` field.
    private(set) var keepAlive: String?
    private let isHTTP10: Bool
    private var asksToClose = false
    private var asksToKeep = false

    /// The most fields, and the most behind a body's last chunk.
    static let fieldsAtMost = 256

    /// Reads a head.
    ///
    /// - Parameter bytes: The whole head, which ends with an empty line.
    /// - Throws: ``TransportFault/notHTTP``.
    init(_ bytes: ByteBuffer) throws(TransportFault) {
        let span = bytes.readableBytesUInt8Span
        guard let line = StatusLine(span),
            let fields = bytes.getSlice(at: bytes.readerIndex + line.end, length: span.count - line.end)
        else { throw .notHTTP }
        status = line.status
        isHTTP10 = line.isHTTP10
        self.fields = AnswerFields(bytes: fields)
        let lines = fields.readableBytesUInt8Span
        var place = 0
        while place < lines.count - 2 {
            guard let field = AnswerFields.next(in: lines, from: &place), note(field, in: lines) else { throw .notHTTP }
        }
    }

    /// Whether the server keeps the connection.
    var isKeepAlive: Bool { !asksToClose && (!isHTTP10 || asksToKeep) }

    /// Whether no body follows, whatever the fields say.
    ///
    /// - Parameter isToHead: Whether the request was a `HEAD`.
    func isBodiless(toHead isToHead: Bool) -> Bool { isToHead || status < 200 || status == 204 || status == 304 }

    /// Notes what a field says about the body or the connection.
    ///
    /// - Returns: Whether it agrees with the fields before it.
    private mutating func note(_ field: AnswerFields.Field, in lines: Span<UInt8>) -> Bool {
        // By length first: most fields are none of these.
        switch field.name.count {
        case 10 where lines.equals("connection", at: field.name.lowerBound):
            for option in lines.text(field.value).split(separator: ",") {
                let option = String(option).trimmingBlanks().lowercased()
                asksToClose = asksToClose || option == "close"
                asksToKeep = asksToKeep || option == "keep-alive"
            }
        case 10 where lines.equals("keep-alive", at: field.name.lowerBound): keepAlive = lines.text(field.value)
        case 14 where lines.equals("content-length", at: field.name.lowerBound):
            // A second length, or chunks too: the answer may hide another one from one of two readers.
            guard framing == .close, let length = lines.number(field.value) else { return false }
            framing = .length(length)
        case 16 where lines.equals("content-encoding", at: field.name.lowerBound): hasCoding = true
        case 17 where lines.equals("transfer-encoding", at: field.name.lowerBound):
            let isChunked = field.value.count == 7 && lines.equals("chunked", at: field.value.lowerBound)
            guard framing == .close, isChunked else { return false }
            framing = .chunks
        default: break
        }
        return true
    }
}

/// The first line of an answer.
private struct StatusLine {
    var status: Int
    var isHTTP10: Bool
    /// Where the next line begins.
    var end: Int

    /// - Returns: Nil where it is not the first line of HTTP/1.
    init?(_ span: Span<UInt8>) {
        // HTTP/1.1 200
        guard span.count >= 14, span.beginsLike("HTTP/1."), span[8] == UInt8(ascii: " ") else { return nil }
        switch span[7] {
        case UInt8(ascii: "0"): isHTTP10 = true
        case UInt8(ascii: "1"): isHTTP10 = false
        default: return nil
        }
        guard let status = span.number(9..<12), status >= 100 else { return nil }
        self.status = status
        end = 12
        if span[end] == UInt8(ascii: " ") { while span[end].isFieldContent { end += 1 } }
        guard span.endsLine(at: end) else { return nil }
        end += 2
    }
}
