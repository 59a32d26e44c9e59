/// The tokens of a filter.
enum FilterToken {
    case word(String)
    case string(String)
    case number(String)
    case dateTime(String)
    /// Text that begins like a number or a date and is neither; a diagnostic names it.
    case malformed
    case compare(FilterOperator)
    case and
    case or
    case open
    case close
    case end
}

struct LocatedToken {
    var token: FilterToken
    var start: Int
    var end: Int
}

/// Splits the text into tokens. It reports usual mistakes and continues with the probable intention.
struct FilterLexer {
    let bytes: [UInt8]
    var position = 0
    private(set) var diagnostics: [PendingDiagnostic] = []
    private var errorCount = 0
    /// The rest of the text is neither read nor reported.
    private var isStopped = false

    init(_ text: String) {
        self.bytes = Array(text.utf8)
        self.skipQueryPrefix()
    }

    /// The most errors that are reported. Reading ends there, which bounds the work for hostile text. Warnings never end it:
    /// a filter that can be sent is read to its last character.
    var isFull: Bool { self.errorCount >= FilterParser.maximumDiagnostics }

    mutating func report(
        _ severity: FilterDiagnostic.Severity,
        _ code: FilterDiagnostic.Code,
        at offset: Int,
        _ message: @autoclosure () -> String
    ) {
        guard !self.isFull, !self.isStopped else { return }
        switch severity {
        case .error: self.errorCount += 1
        case .warning:
            guard self.diagnostics.count - self.errorCount < FilterParser.maximumDiagnostics else { return }
        }
        self.diagnostics.append(
            PendingDiagnostic(severity: severity, code: code, utf8Offset: offset, message: message())
        )
    }

    mutating func next() -> LocatedToken {
        while true {
            self.skipSpace()
            let start = self.position
            guard start < self.bytes.count, !self.isFull, !self.isStopped else {
                return LocatedToken(token: .end, start: min(start, self.bytes.count), end: self.bytes.count)
            }
            if let token = self.scanToken(at: start) {
                return LocatedToken(token: token, start: start, end: self.position)
            }
        }
    }

    mutating func stop() {
        self.isStopped = true
    }

    /// Removes a token's diagnostic, because a better one follows.
    mutating func retract(from offset: Int) {
        self.diagnostics.removeAll { $0.utf8Offset >= offset }
        self.errorCount = self.diagnostics.count { $0.severity == .error }
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: self.bytes[range], as: UTF8.self)
    }

    func byte(at offset: Int) -> UInt8? {
        offset < self.bytes.count ? self.bytes[offset] : nil
    }

    // MARK: - One token

    /// Returns nil when text was skipped and the caller has to read the next token.
    private mutating func scanToken(at start: Int) -> FilterToken? {
        switch self.bytes[start] {
        case UInt8(ascii: "("):
            self.position += 1
            return .open
        case UInt8(ascii: ")"):
            self.position += 1
            return .close
        case UInt8(ascii: "'"):
            return self.scanString()
        case UInt8(ascii: "\""):
            self.report(
                .error,
                .doubleQuotes,
                at: start,
                "double quotes: put text in single quotes, 'like this'"
            )
            return self.scanForeignQuotes(skipping: 1)
        case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"):
            return self.scanSymbolOperator()
        case UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ","):
            return self.scanSymbolConnective()
        default:
            break
        }
        if self.curlyQuote(at: start) {
            self.report(
                .error,
                .curlyQuotes,
                at: start,
                "typographic quotes: put text in straight single quotes, 'like this'"
            )
            return self.scanForeignQuotes(skipping: 3)
        }
        if self.isWordByte(at: start) { return self.scanRun() }
        self.reportUnexpectedCharacter(at: start)
        return nil
    }

    private mutating func skipSpace() {
        var reported = false
        while let byte = self.byte(at: self.position) {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if !reported {
                    self.report(.warning, .controlCharacter, at: self.position, "a line break: write a space")
                }
                reported = true
            default:
                return
            }
            self.position += 1
        }
    }

    private mutating func reportUnexpectedCharacter(at start: Int) {
        if self.bytes[start] == 0xC2, self.byte(at: start + 1) == 0xA0 {
            self.report(.error, .unexpectedCharacter, at: start, "a no-break space: write an ordinary space")
            self.position = start + 2
            return
        }
        var end = start + 1
        while let byte = self.byte(at: end), byte & 0xC0 == 0x80 { end += 1 }
        self.position = end
        if self.bytes[start] < 0x20 || self.bytes[start] == 0x7F {
            self.report(.error, .controlCharacter, at: start, "a control character: remove it")
        } else {
            let character = self.text(start..<end)
            self.report(.error, .unexpectedCharacter, at: start, "\(character) has no place in a filter outside quotes")
        }
    }

    // MARK: - Symbols

    private mutating func scanSymbolOperator() -> FilterToken? {
        let start = self.position
        while let byte = self.byte(at: self.position),
            byte == UInt8(ascii: "=") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
                || byte == UInt8(ascii: "!"), self.position - start < 3
        {
            self.position += 1
        }
        let symbol = self.text(start..<self.position)
        let meant: FilterOperator? =
            switch symbol {
            case "=", "==", "===": .eq
            case "!=", "<>", "!==": .ne
            case ">": .gt
            case ">=", "=>": .ge
            case "<": .lt
            case "<=", "=<": .le
            default: nil
            }
        guard let meant else {
            self.report(
                .error,
                .symbolOperator,
                at: start,
                "\(symbol) is no operator: use eq, ne, gt, ge, lt or le"
            )
            return symbol == "!" ? nil : .compare(.eq)
        }
        self.report(.error, .symbolOperator, at: start, "\(symbol) is no operator in OData: write \(meant.rawValue)")
        return .compare(meant)
    }

    private mutating func scanSymbolConnective() -> FilterToken? {
        let start = self.position
        let symbol = self.bytes[start]
        self.position += 1
        if symbol != UInt8(ascii: ","), self.byte(at: self.position) == symbol { self.position += 1 }
        let text = self.text(start..<self.position)
        if symbol == UInt8(ascii: "|") {
            self.report(.error, .symbolConnective, at: start, "\(text) does not join comparisons in OData: write or")
            return .or
        }
        if text == "&", self.startsQueryParameter(at: self.position) {
            self.report(
                .error,
                .queryPrefix,
                at: start,
                "another query parameter begins here: a filter is the value of $filter alone"
            )
            self.stop()
            return .end
        }
        self.report(.error, .symbolConnective, at: start, "\(text) does not join comparisons in OData: write and")
        return .and
    }

    /// Whether `name=` follows, as in `&fileformat=csv`.
    private func startsQueryParameter(at offset: Int) -> Bool {
        var end = offset
        while let byte = self.byte(at: end), isLetter(byte) || byte == UInt8(ascii: "$") { end += 1 }
        return end > offset && self.byte(at: end) == UInt8(ascii: "=")
    }
}
