import NIOCore
import NIOHTTP1

/// What the service said about an error, as far as it can be read. Texts are cut to a line and hold no secrets.
public struct ServiceError: Sendable, Hashable {
    /// The error's code, for example `invalidRequest`. Programs go by this, never by the message.
    public var code: String?
    /// The error's message, or the title of an HTML page.
    public var message: String?
    /// What the error is about.
    public var target: String?
    /// The codes of the errors inside, outermost first.
    public var innerCodes: [String]

    /// Makes one by hand, for tests and stand-ins.
    public init(code: String? = nil, message: String? = nil, target: String? = nil, innerCodes: [String] = []) {
        self.code = code
        self.message = message
        self.target = target
        self.innerCodes = innerCodes
    }

    var isEmpty: Bool {
        self.code == nil && self.message == nil && self.target == nil && self.innerCodes.isEmpty
    }
}

extension ServiceError {
    /// Reads the body of an error: nested or flat JSON, XML as storage writes it, HTML, plain text or nothing.
    ///
    /// - Parameters:
    ///   - body: The body, of which the first 64 KiB are looked at.
    ///   - secrets: What must not be seen in the texts.
    /// - Returns: Nil when the body says nothing.
    init?(body: ByteBuffer, secrets: [String]) {
        var error = ServiceError()
        let isJSON = body.withUnsafeReadableBytes { bytes -> Bool in
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes.prefix(64 * 1024)))
            do throws(JSONSyntaxError) {
                guard try scanner.peek() == .object else { return false }
                try error.readObject(&scanner, depth: 0)
                return true
            } catch {
                return false
            }
        }
        if !isJSON, error.isEmpty { error.readMarkup(body) }
        error.code = error.code.map { Redaction.scrub($0, secrets: secrets) }
        error.message = error.message.map { Redaction.scrub($0, secrets: secrets) }
        error.target = error.target.map { Redaction.scrub($0, secrets: secrets) }
        error.innerCodes = error.innerCodes.map { Redaction.scrub($0, secrets: secrets) }
        if error.message?.isEmpty == true { error.message = nil }
        if error.isEmpty { return nil }
        self = error
    }

    private static let maximumInnerErrors = 8

    private mutating func readObject(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            let kind = try scanner.peek()
            if name.is("error"), kind == .object {
                try self.readObject(&scanner, depth: depth)
            } else if name.is("innererror"), kind == .object {
                try self.readInner(&scanner, depth: depth + 1)
            } else if name.is("code") || name.is("error") || name.is("errorCode") {
                self.code = try scanner.readText() ?? self.code
            } else if name.is("message") || name.is("description") || name.is("error_description")
                || name.is("detail")
            {
                self.message = try scanner.readText() ?? self.message
            } else if name.is("title"), self.message == nil {
                self.message = try scanner.readText()
            } else if name.is("target") || name.is("source") {
                self.target = try scanner.readText() ?? self.target
            }
        }
    }

    private mutating func readInner(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        var inner = ServiceError()
        if depth < Self.maximumInnerErrors {
            try inner.readObject(&scanner, depth: depth)
        } else {
            try scanner.skipValue()
        }
        if let code = inner.code { self.innerCodes.append(code) }
        self.innerCodes.append(contentsOf: inner.innerCodes)
        if self.message == nil { self.message = inner.message }
    }

    /// XML's `<Code>` and `<Message>`, an HTML page's title, or the text itself.
    private mutating func readMarkup(_ body: ByteBuffer) {
        let text = String(buffer: body.getSlice(at: body.readerIndex, length: min(body.readableBytes, 8192)) ?? body)
        self.code = text.content(ofTag: "Code")
        self.message = text.content(ofTag: "Message") ?? text.content(ofTag: "title")
        guard self.isEmpty else { return }
        let plain = text.trimmingBlanks()
        if plain.hasPrefix("<") {
            self.message = "the body is a page without a title"
        } else if !plain.isEmpty {
            self.message = plain
        }
    }
}

extension String {
    /// What stands in the first element of this name; names are compared with regard to case.
    func content(ofTag tag: String) -> String? {
        guard let opening = self.firstRange(of: "<\(tag)>") else { return nil }
        let rest = self[opening.upperBound...]
        guard let closing = rest.firstRange(of: "</\(tag)>") else { return nil }
        return String(rest[..<closing.lowerBound]).trimmingBlanks()
    }
}
