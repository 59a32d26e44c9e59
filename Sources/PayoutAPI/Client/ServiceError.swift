import NIOCore
import NIOHTTP1
import Primitives

/// The error in the body of a service's answer, as far as it can be read. Texts are truncated to a line and hold no secrets.
public struct ServiceError: Sendable, Hashable {
    /// The error's code, for example `invalidRequest`. Programs decide by it, never by the message.
    public var code: String?
    /// The error's message, or the title of an HTML page.
    public var message: String?
    /// The part of the request that the error concerns.
    public var target: String?
    /// The codes of the inner errors, outermost first.
    public var innerCodes: [String]
    /// Whether a code at any depth is ``mfaCode``.
    var demandsMFA = false

    /// The code by which the service refuses a token without multi-factor authentication, with status 401.
    public static let mfaCode = "900421"

    /// Makes an error, for tests.
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
    ///   - body: The body, of which the first 64 KiB are read.
    ///   - secrets: Texts to redact.
    /// - Returns: Nil when the body holds no error.
    init?(body: ByteBuffer, secrets: [String]) {
        var error = ServiceError()
        let isJSON = body.withUnsafeReadableBytes { bytes -> Bool in
            var scanner = JSONReader(UnsafeRawBufferPointer(rebasing: bytes.prefix(64 * 1024)))
            do throws(JSONSyntaxError) {
                guard try scanner.peek() == .object else { return false }
                try error.readObject(&scanner, depth: 0)
                return true
            } catch {
                return false
            }
        }
        if !isJSON, error.isEmpty { error.readMarkup(body) }
        if error.demandsMFA, error.code == nil { error.code = Self.mfaCode }
        error.code = error.code.map { Redaction.scrub($0, secrets: secrets) }
        error.message = error.message.map { Redaction.scrub($0, secrets: secrets) }
        error.target = error.target.map { Redaction.scrub($0, secrets: secrets) }
        error.innerCodes = error.innerCodes.map { Redaction.scrub($0, secrets: secrets) }
        if error.message?.isEmpty == true { error.message = nil }
        if error.isEmpty { return nil }
        self = error
    }

    private static let maximumInnerErrors = 8

    private mutating func readObject(_ scanner: inout JSONReader, depth: Int) throws(JSONSyntaxError) {
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            let kind = try scanner.peek()
            if name.is("error"), kind == .object {
                try readObject(&scanner, depth: depth)
            } else if name.is("innererror"), kind == .object {
                try readInner(&scanner, depth: depth + 1)
            } else if name.is("statusCode") {
                // Usually the HTTP status, which is not an error code.
                notice(try scanner.readText())
            } else if name.is("code") || name.is("error") || name.is("errorCode") {
                let code = try scanner.readText()
                notice(code)
                self.code = code ?? self.code
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

    private mutating func readInner(_ scanner: inout JSONReader, depth: Int) throws(JSONSyntaxError) {
        var inner = ServiceError()
        if depth < Self.maximumInnerErrors {
            try inner.readObject(&scanner, depth: depth)
        } else {
            try scanner.skipValue()
        }
        demandsMFA = demandsMFA || inner.demandsMFA
        if let code = inner.code { self.innerCodes.append(code) }
        self.innerCodes.append(contentsOf: inner.innerCodes)
        if self.message == nil { self.message = inner.message }
    }

    private mutating func notice(_ code: String?) {
        if code?.trimmingBlanks() == Self.mfaCode { demandsMFA = true }
    }

    /// XML's `<Code>` and `<Message>`, an HTML page's title, or the text itself.
    private mutating func readMarkup(_ body: ByteBuffer) {
        let text = String(buffer: body.getSlice(at: body.readerIndex, length: min(body.readableBytes, 8192)) ?? body)
        self.code = text.content(ofTag: "Code")
        notice(self.code)
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
    /// The content of the first element with a name; names are case-sensitive.
    func content(ofTag tag: String) -> String? {
        guard let opening = firstRange(of: "<\(tag)>") else { return nil }
        let rest = self[opening.upperBound...]
        guard let closing = rest.firstRange(of: "</\(tag)>") else { return nil }
        return String(rest[..<closing.lowerBound]).trimmingBlanks()
    }
}
