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
    private var warningCount = 0
    /// The rest of the text is neither read nor reported.
    private var isStopped = false
    /// Diagnostics with a correction are all reported, whatever their number, because each of them is applied.
    private let isCorrecting: Bool

    init(_ text: String, isCorrecting: Bool = false) {
        bytes = Array(text.utf8)
        self.isCorrecting = isCorrecting
        skipQueryPrefix()
    }

    /// The most errors that are reported. Reading ends there, which bounds the work for hostile text. Warnings never end it:
    /// a filter that can be sent is read to its last character.
    var isFull: Bool { errorCount >= FilterParser.maximumDiagnostics }

    mutating func report(
        _ severity: FilterDiagnostic.Severity,
        _ code: FilterDiagnostic.Code,
        at offset: Int,
        _ message: @autoclosure () -> String,
        correction: FilterEdit? = nil
    ) {
        guard !self.isFull, !isStopped else { return }
        if !isCorrecting || correction == nil {
            switch severity {
            case .error: errorCount += 1
            case .warning:
                guard warningCount < FilterParser.maximumDiagnostics else { return }
                warningCount += 1
            }
        }
        diagnostics.append(
            PendingDiagnostic(
                severity: severity,
                code: code,
                utf8Offset: offset,
                message: message(),
                correction: correction
            )
        )
    }

    mutating func next() -> LocatedToken {
        while true {
            skipSpace()
            let start = position
            guard start < bytes.count, !self.isFull, !isStopped else {
                return LocatedToken(token: .end, start: min(start, bytes.count), end: bytes.count)
            }
            if let token = scanToken(at: start) {
                return LocatedToken(token: token, start: start, end: position)
            }
        }
    }

    mutating func stop() {
        isStopped = true
    }

    /// Removes a token's diagnostic, because a better one follows.
    mutating func retract(from offset: Int) {
        diagnostics.removeAll { $0.utf8Offset >= offset }
        let counted = diagnostics.filter { !isCorrecting || $0.correction == nil }
        errorCount = counted.count { $0.severity == .error }
        warningCount = counted.count - errorCount
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    func byte(at offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    // MARK: - One token

    /// Returns nil when text was skipped and the caller has to read the next token.
    private mutating func scanToken(at start: Int) -> FilterToken? {
        switch bytes[start] {
        case UInt8(ascii: "("):
            position += 1
            return .open
        case UInt8(ascii: ")"):
            position += 1
            return .close
        case UInt8(ascii: "'"):
            return scanString()
        case UInt8(ascii: "\""):
            return scanForeignQuotes(
                skipping: 1,
                .doubleQuotes,
                "double quotes: put text in single quotes, 'like this'"
            )
        case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"):
            return scanSymbolOperator()
        case UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: ","):
            return scanSymbolConnective()
        default:
            break
        }
        if curlyQuote(at: start) {
            return scanForeignQuotes(
                skipping: 3,
                .curlyQuotes,
                "typographic quotes: put text in straight single quotes, 'like this'"
            )
        }
        if isWordByte(at: start) { return scanRun() }
        reportUnexpectedCharacter(at: start)
        return nil
    }

    private mutating func skipSpace() {
        let start = position
        var lineBreak: Int?
        space: while let byte = self.byte(at: position) {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): lineBreak = lineBreak ?? position
            default: break space
            }
            position += 1
        }
        guard let lineBreak else { return }
        report(
            .warning,
            .controlCharacter,
            at: lineBreak,
            "a line break: write a space",
            correction: FilterEdit(range: start..<position, replacement: " ")
        )
    }

    private mutating func reportUnexpectedCharacter(at start: Int) {
        if bytes[start] == 0xC2, self.byte(at: start + 1) == 0xA0 {
            report(
                .error,
                .unexpectedCharacter,
                at: start,
                "a no-break space: write an ordinary space",
                correction: FilterEdit(range: start..<(start + 2), replacement: " ")
            )
            position = start + 2
            return
        }
        var end = start + 1
        while let byte = self.byte(at: end), byte & 0xC0 == 0x80 { end += 1 }
        position = end
        if bytes[start] < 0x20 || bytes[start] == 0x7F {
            report(.error, .controlCharacter, at: start, "a control character: remove it")
        } else {
            let character = self.text(start..<end)
            report(.error, .unexpectedCharacter, at: start, "\(character) has no place in a filter outside quotes")
        }
    }

    // MARK: - Symbols

    private mutating func scanSymbolOperator() -> FilterToken? {
        let start = position
        while let byte = self.byte(at: position),
            byte == UInt8(ascii: "=") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
                || byte == UInt8(ascii: "!"), position - start < 3
        {
            position += 1
        }
        let symbol = self.text(start..<position)
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
            report(
                .error,
                .symbolOperator,
                at: start,
                "\(symbol) is no operator: use eq, ne, gt, ge, lt or le"
            )
            return symbol == "!" ? nil : .compare(.eq)
        }
        // The arrows may be typing mistakes of something else.
        let isCertain = symbol != "=>" && symbol != "=<"
        report(
            .error,
            .symbolOperator,
            at: start,
            "\(symbol) is no operator in OData: write \(meant.rawValue)",
            correction: isCertain ? wordReplacing(start..<position, meant.rawValue) : nil
        )
        return .compare(meant)
    }

    private mutating func scanSymbolConnective() -> FilterToken? {
        let start = position
        let symbol = bytes[start]
        position += 1
        if symbol != UInt8(ascii: ","), self.byte(at: position) == symbol { position += 1 }
        let text = self.text(start..<position)
        if symbol == UInt8(ascii: "|") {
            report(
                .error,
                .symbolConnective,
                at: start,
                "\(text) does not join comparisons in OData: write or",
                correction: text == "||" ? wordReplacing(start..<position, "or") : nil
            )
            return .or
        }
        if text == "&", startsQueryParameter(at: position) {
            report(
                .error,
                .queryPrefix,
                at: start,
                "another query parameter begins here: a filter is the value of $filter alone"
            )
            stop()
            return .end
        }
        // A comma may list alternatives, and a single & may separate query parameters.
        report(
            .error,
            .symbolConnective,
            at: start,
            "\(text) does not join comparisons in OData: write and",
            correction: text == "&&" ? wordReplacing(start..<position, "and") : nil
        )
        return .and
    }

    /// The change of a symbol to a word, with a space on either side.
    private func wordReplacing(_ range: Range<Int>, _ word: String) -> FilterEdit {
        let blanks = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        let before = range.lowerBound > 0 && !blanks.contains(bytes[range.lowerBound - 1]) ? " " : ""
        let after = self.byte(at: range.upperBound).map(blanks.contains) == false ? " " : ""
        return FilterEdit(range: range, replacement: before + word + after)
    }

    /// Whether `name=` follows, as in `&fileformat=csv`.
    private func startsQueryParameter(at offset: Int) -> Bool {
        var end = offset
        while let byte = self.byte(at: end), isLetter(byte) || byte == UInt8(ascii: "$") { end += 1 }
        return end > offset && self.byte(at: end) == UInt8(ascii: "=")
    }
}
