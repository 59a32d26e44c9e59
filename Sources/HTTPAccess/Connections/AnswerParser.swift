import NIOCore
import Primitives

/// Reads the answers that arrive on one connection, without IO: where each ends, and the content of its body (RFC 9112).
///
/// It accepts what servers send, and refuses what two readers could understand differently: two lengths, a length with chunks,
/// codings of the transfer, lines without CR, lines that continue others. ``ExchangeState`` bounds what is read.
struct AnswerParser {
    /// What was read.
    enum Part {
        case head(AnswerHead)
        /// Content of the body, without its framing.
        case body(ByteBuffer)
        /// The end of the answer.
        case end
    }

    private enum State {
        case head
        /// In a body that has a length, before this number of its bytes.
        case body(Int)
        /// In a body that ends with the connection.
        case rest
        case chunkSize
        /// In a chunk, before this number of its bytes.
        case chunk(Int)
        case chunkEnd
        /// After the last chunk, before this number of further fields.
        case trailers(Int)
    }

    private var state = State.head
    private var isToHead = false
    /// What arrived and is not read yet.
    private var bytes = ByteBuffer()
    /// How many of these bytes are known not to hold the end that is looked for.
    private var searched = 0
    /// The lines of the present head so far.
    private var lines = 0

    /// The bytes that follow the answer.
    var surplus: Int { bytes.readableBytes }

    /// A request is written.
    ///
    /// - Parameter isToHead: Whether it is a `HEAD`, whose answer has no body.
    mutating func begin(isToHead: Bool) { self.isToHead = isToHead }

    /// Bytes arrived.
    mutating func append(_ more: ByteBuffer) {
        if bytes.readableBytes == 0 {
            bytes = more
        } else {
            bytes.writeImmutableBuffer(more)
        }
    }

    /// The connection ended.
    ///
    /// - Returns: Whether this is the end of the answer.
    mutating func finish() -> Bool {
        guard case .rest = state else { return false }
        state = .head
        return true
    }

    /// Reads the next part. Called until it returns nil or ``Part/end``: what follows belongs to no answer.
    ///
    /// - Returns: Nil where more bytes are needed.
    /// - Throws: ``TransportFault/notHTTP``.
    mutating func next() throws(TransportFault) -> Part? {
        while true {
            switch state {
            case .head:
                guard let head = try readHead() else { return nil }
                // Interim answers, except the one that ends HTTP.
                if head.status < 200, head.status != 101 { continue }
                state = start(of: head)
                return .head(head)
            case .body(0): return end()
            case .body(let length):
                guard let part = read(atMost: length) else { return nil }
                state = .body(length - part.readableBytes)
                return .body(part)
            case .rest: return read(atMost: .max).map { .body($0) }
            case .chunkSize:
                guard let line = try readLine() else { return nil }
                guard let size = Self.chunkSize(line) else { throw .notHTTP }
                state = size == 0 ? .trailers(0) : .chunk(size)
            case .chunk(let size):
                guard let part = read(atMost: size) else { return nil }
                state = part.readableBytes == size ? .chunkEnd : .chunk(size - part.readableBytes)
                return .body(part)
            case .chunkEnd:
                guard let line = try readLine() else { return nil }
                guard line.readableBytes == 2 else { throw .notHTTP }
                state = .chunkSize
            case .trailers(let count):
                guard let line = try readLine() else { return nil }
                if line.readableBytes == 2 { return end() }
                let lines = line.readableBytesUInt8Span
                var place = 0
                guard count < AnswerHead.fieldsAtMost, AnswerFields.next(in: lines, from: &place) != nil else {
                    throw .notHTTP
                }
                state = .trailers(count + 1)
            }
        }
    }

    private func start(of head: AnswerHead) -> State {
        guard !head.isBodiless(toHead: isToHead) else { return .body(0) }
        return switch head.framing {
        case .length(let length): .body(length)
        case .chunks: .chunkSize
        case .close: .rest
        }
    }

    private mutating func end() -> Part {
        state = .head
        // The connection may read its next bytes into the same memory.
        if surplus == 0 { bytes = ByteBuffer() }
        return .end
    }

    // MARK: - Bytes

    private mutating func read(atMost length: Int) -> ByteBuffer? {
        guard bytes.readableBytes > 0 else { return nil }
        return bytes.readSlice(length: min(length, bytes.readableBytes))
    }

    private mutating func readHead() throws(TransportFault) -> AnswerHead? {
        // What cannot become a head is refused at once: its end may never come.
        guard bytes.readableBytesUInt8Span.beginsLike("HTTP/1.") else { throw .notHTTP }
        while let end = try findLine() {
            guard isEmptyLine(endingAt: end) else {
                lines += 1
                // The first line is no field.
                guard lines <= AnswerHead.fieldsAtMost + 1 else { throw .notHTTP }
                continue
            }
            lines = 0
            guard let head = readLine(to: end) else { return nil }
            return try AnswerHead(head)
        }
        return nil
    }

    /// A line with its end.
    private mutating func readLine() throws(TransportFault) -> ByteBuffer? {
        guard let end = try findLine() else { return nil }
        return readLine(to: end)
    }

    private mutating func readLine(to end: Int) -> ByteBuffer? {
        searched = 0
        return bytes.readSlice(length: end)
    }

    /// Finds the end of the next line.
    ///
    /// - Throws: ``TransportFault/notHTTP`` for a LF without CR.
    private mutating func findLine() throws(TransportFault) -> Int? {
        let end = try Self.endOfLine(in: bytes.readableBytesUInt8Span, from: searched)
        searched = end ?? bytes.readableBytes
        return end
    }

    private static func endOfLine(in span: Span<UInt8>, from start: Int) throws(TransportFault) -> Int? {
        var place = start
        while place < span.count, span[place] != UInt8(ascii: "\n") { place += 1 }
        guard place < span.count else { return nil }
        guard place > 0, span[place - 1] == UInt8(ascii: "\r") else { throw .notHTTP }
        return place + 1
    }

    /// Each LF follows a CR, so that one before the last two bytes ends another line.
    private func isEmptyLine(endingAt end: Int) -> Bool {
        end == 2 || (end > 2 && bytes.readableBytesUInt8Span[end - 3] == UInt8(ascii: "\n"))
    }

    /// The size in a chunk's first line: hexadecimal digits, and extensions after a semicolon, which are ignored.
    private static func chunkSize(_ line: ByteBuffer) -> Int? {
        let span = line.readableBytesUInt8Span
        var (size, place) = (0, 0)
        while let digit = Hexadecimal.value(of: span[place]) {
            // A size of more digits exceeds every limit.
            guard place < 15 else { return nil }
            size = size << 4 | Int(digit)
            place += 1
        }
        let isEnded = span[place] == UInt8(ascii: ";") || span.endsLine(at: place)
        return place > 0 && isEnded ? size : nil
    }
}
