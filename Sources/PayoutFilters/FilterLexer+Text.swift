// Quoted text, and runs of characters that are words, numbers or dates.

extension FilterLexer {
    /// Text in single quotes; a doubled quote stands for one.
    mutating func scanString() -> FilterToken {
        let start = position
        var text: [UInt8] = []
        var offset = start + 1
        while let byte = self.byte(at: offset) {
            offset += 1
            guard byte == UInt8(ascii: "'") else {
                text.append(byte)
                continue
            }
            if self.byte(at: offset) == UInt8(ascii: "'") {
                text.append(byte)
                offset += 1
                continue
            }
            position = offset
            reportUndoubledQuote(closingAt: offset - 1)
            return .string(String(decoding: text, as: UTF8.self))
        }
        position = bytes.count
        report(
            .error,
            .unterminatedString,
            at: start,
            "this quote is never closed; a quote inside text is doubled, as in 'O''Brien'"
        )
        return .string(String(decoding: text, as: UTF8.self))
    }

    /// Text continues right after its apparent closing quote.
    private mutating func reportUndoubledQuote(closingAt quote: Int) {
        guard let byte = self.byte(at: quote + 1), isLetter(byte) || isDigit(byte) || byte >= 0x80 else { return }
        let rest = bytes[(quote + 1)...].prefix(4)
        let joins = rest.starts(with: "and ".utf8) || rest.starts(with: "or ".utf8)
        if joins {
            reportMissingSpace(at: quote + 1, "a space is missing before the next word")
            return
        }
        report(
            .error,
            .undoubledQuote,
            at: quote,
            "text continues after this quote: a quote inside text is doubled, as in 'O''Brien'"
        )
        // The rest of the text needs no diagnostic of its own.
        skipRestOfBrokenText()
    }

    private mutating func skipRestOfBrokenText() {
        while let byte = self.byte(at: position) {
            position += 1
            if byte == UInt8(ascii: "'") { return }
        }
    }

    private mutating func reportMissingSpace(at offset: Int, _ message: String) {
        report(
            .warning,
            .missingSpace,
            at: offset,
            message,
            correction: FilterEdit(range: offset..<offset, replacement: " ")
        )
    }

    /// Text in quotes that OData does not know, up to the next quote of that sort or the end.
    mutating func scanForeignQuotes(
        skipping width: Int,
        _ code: FilterDiagnostic.Code,
        _ message: String
    ) -> FilterToken {
        let opening = position
        let start = opening + width
        let end = endOfForeignQuotes(from: start, width: width)
        position = end?.next ?? bytes.count
        let text = self.text(start..<(end?.closing ?? bytes.count))
        var correction: FilterEdit?
        if end != nil, isWholeText(text, endingAt: position) {
            correction = FilterEdit(range: opening..<position, replacement: quotedODataString(text))
        }
        report(.error, code, at: opening, message, correction: correction)
        if end == nil { report(.error, .unterminatedString, at: opening, "this quote is never closed") }
        return .string(text)
    }

    private func endOfForeignQuotes(from start: Int, width: Int) -> (closing: Int, next: Int)? {
        for offset in start..<max(start, bytes.count) {
            if width == 1 {
                if bytes[offset] == UInt8(ascii: "\"") { return (offset, offset + 1) }
            } else if curlyQuote(at: offset) {
                return (offset, offset + 3)
            } else if bytes[offset] == UInt8(ascii: "'") {
                return (offset, offset + 1)
            }
        }
        return nil
    }

    /// Whether quoted text certainly ends where it seems to: a typographic apostrophe looks like a closing quote, and a
    /// doubled quote may stand for one or for two.
    private func isWholeText(_ text: String, endingAt end: Int) -> Bool {
        let quote = UInt8(ascii: "'")
        let hasDoubledQuote = zip(text.utf8, text.utf8.dropFirst()).contains { $0 == quote && $1 == quote }
        guard let next = self.byte(at: end) else { return !hasDoubledQuote }
        return !hasDoubledQuote && " \t\n\r)&|".utf8.contains(next)
    }

    /// U+2018 to U+201F, three bytes each.
    func curlyQuote(at offset: Int) -> Bool {
        guard offset + 2 < bytes.count else { return false }
        return bytes[offset] == 0xE2 && bytes[offset + 1] == 0x80
            && (0x98...0x9F).contains(bytes[offset + 2])
    }

    func isWordByte(at offset: Int) -> Bool {
        let byte = bytes[offset]
        if isLetter(byte) || isDigit(byte) { return true }
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "+"), UInt8(ascii: "$"), UInt8(ascii: "@"), UInt8(ascii: "%"):
            return true
        case 0x80...:
            return !curlyQuote(at: offset) && !(byte == 0xC2 && self.byte(at: offset + 1) == 0xA0)
        default:
            return false
        }
    }

    /// A word, a number, a date, or a keyword.
    mutating func scanRun() -> FilterToken {
        let start = position
        var end = start
        let numeric = isDigit(bytes[start]) || isSign(bytes[start])
        while end < bytes.count {
            let thousands =
                numeric && bytes[end] == UInt8(ascii: ",") && self.byte(at: end + 1).map(isDigit) == true
            guard thousands || isWordByte(at: end) else { break }
            end += 1
        }
        position = end
        let run = bytes[start..<end]
        if reportEncoding(run) { return .end }
        if numeric { return classifyNumeric(run) }
        let word = self.text(start..<end)
        if let keyword = self.keyword(word, at: start) { return keyword }
        if self.byte(at: end) == UInt8(ascii: "'") { return scanTypedLiteral(word, at: start) }
        return .word(word)
    }

    /// `datetime'…'` and other typed literals of OData v2 and v3.
    private mutating func scanTypedLiteral(_ word: String, at start: Int) -> FilterToken {
        guard ["datetime", "datetimeoffset", "guid", "date", "time", "binary"].contains(word.lowercased()) else {
            reportMissingSpace(at: position, "a space is missing before this quote")
            return .word(word)
        }
        report(
            .error,
            .unsupported,
            at: start,
            "\(word)'…' is OData v3: write dates without quotes, 2023-03-01, and everything else in plain quotes"
        )
        _ = scanString()
        return .malformed
    }

    private mutating func keyword(_ word: String, at start: Int) -> FilterToken? {
        guard word.utf8.count <= 3 else { return nil }
        let lower = word.lowercased()
        let token: FilterToken
        switch lower {
        case "and": token = .and
        case "or": token = .or
        default:
            guard let op = FilterOperator(rawValue: lower) else { return nil }
            token = .compare(op)
        }
        if lower != word {
            report(
                .warning,
                .keywordCase,
                at: start,
                "OData's keywords are in lower case: write \(lower)",
                correction: FilterEdit(range: start..<position, replacement: lower)
            )
        }
        if self.byte(at: position) == UInt8(ascii: "'") {
            reportMissingSpace(at: position, "a space is missing after \(lower)")
        }
        return token
    }

    /// The client percent-encodes the filter: encoded twice, it has another meaning.
    private mutating func reportEncoding(_ run: ArraySlice<UInt8>) -> Bool {
        var plusBetweenLetters = false
        for offset in run.indices {
            let byte = run[offset]
            if byte == UInt8(ascii: "%") {
                report(
                    .error,
                    .percentEncoded,
                    at: offset,
                    "% outside quotes: the filter seems to be percent-encoded already, give it as plain text"
                )
                stop()
                return true
            }
            if byte == UInt8(ascii: "+"), offset > run.startIndex, isLetter(run[offset - 1]),
                offset + 1 < run.endIndex, isLetter(run[offset + 1])
            {
                plusBetweenLetters = true
            }
        }
        guard plusBetweenLetters else { return false }
        report(
            .error,
            .percentEncoded,
            at: run.startIndex,
            "+ instead of a space: the filter seems to be form-encoded already, give it as plain text"
        )
        stop()
        return true
    }

    /// `?$filter=` and similar prefixes, copied from a URL, each as often as it occurs.
    mutating func skipQueryPrefix() {
        while skipOneQueryPrefix() {}
    }

    private mutating func skipOneQueryPrefix() -> Bool {
        var offset = position
        while let byte = self.byte(at: offset), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { offset += 1 }
        let start = offset
        if let byte = self.byte(at: offset), byte == UInt8(ascii: "?") || byte == UInt8(ascii: "&") { offset += 1 }
        for dollar in ["$", "%24", ""] where bytes[offset...].starts(with: dollar.utf8) {
            let name = offset + dollar.utf8.count
            let end = name + 6
            guard end < bytes.count, self.text(name..<end).lowercased() == "filter",
                bytes[end] == UInt8(ascii: "=")
            else { continue }
            let prefix = self.text(start..<(end + 1))
            report(
                .error,
                .queryPrefix,
                at: start,
                "\(prefix) does not belong to the filter: begin with the field's name",
                correction: FilterEdit(range: start..<(end + 1), replacement: "")
            )
            position = end + 1
            return true
        }
        return false
    }
}

func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
}
