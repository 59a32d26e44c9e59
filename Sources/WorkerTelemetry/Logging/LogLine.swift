import Primitives

/// One line of the log as bytes, in JSON or as text.
///
/// Written by hand: a worker may log thousands of lines a second, and Foundation's serializer costs ten times as much.
/// No text from outside can start a new line, send a control sequence to a terminal or reorder what is shown: control,
/// format and line-separating characters are escaped.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    /// Longer texts are truncated. In bytes.
    static let longestText = 8 * 1_024

    private init() { bytes.reserveCapacity(512) }

    /// A line in JSON.
    ///
    /// - Parameters:
    ///   - time: when it was logged.
    ///   - level: the level's name.
    ///   - logger: the logger's name.
    ///   - message: the constant message.
    ///   - fields: keys and values, in order; those with a key of one of the above are omitted.
    static func json(
        time: Timestamp,
        level: String,
        logger: String,
        message: String,
        fields: [(key: String, value: String)]
    ) -> LogLine {
        var line = LogLine()
        line.add("{\"time\":\"")
        time.appendRFC3339(to: &line.bytes)
        line.add("\",\"level\":\"")
        line.addEscaped(level)
        line.add("\",\"logger\":\"")
        line.addEscaped(logger)
        line.add("\",\"message\":\"")
        line.addEscaped(message)
        for (key, value) in fields where !isReserved(key) {
            line.add("\",\"")
            line.addEscaped(key)
            line.add("\":\"")
            line.addEscaped(value)
        }
        line.add("\"}\n")
        return line
    }

    /// A line for people.
    ///
    /// - Parameters:
    ///   - time: when it was logged.
    ///   - level: the level's name.
    ///   - part: the part of the worker that logs.
    ///   - message: the constant message.
    ///   - fields: keys and values, in order.
    static func text(
        time: Timestamp,
        level: String,
        part: String?,
        message: String,
        fields: [(key: String, value: String)]
    ) -> LogLine {
        var line = LogLine()
        time.appendRFC3339(to: &line.bytes)
        line.add(" ")
        line.addEscaped(level.uppercased(), isText: true)
        for _ in level.utf8.count..<9 { line.add(" ") }
        if let part {
            line.add("[")
            line.addEscaped(part, isText: true)
            line.add("] ")
        }
        line.addEscaped(message, isText: true)
        for (key, value) in fields {
            line.add(" ")
            line.addEscaped(key, isText: true)
            line.add("=")
            let isQuoted = value.utf8.contains {
                $0 <= UInt8(ascii: " ") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "=")
            }
            if isQuoted { line.add("\"") }
            line.addEscaped(value, isText: true, escapesQuotes: isQuoted)
            if isQuoted { line.add("\"") }
        }
        line.add("\n")
        return line
    }

    private static func isReserved(_ key: String) -> Bool {
        key == "time" || key == "level" || key == "logger" || key == "message"
    }

    private mutating func add(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends a text. Escapes what JSON requires and what must not reach a reader unescaped.
    ///
    /// - Parameters:
    ///   - isText: whether the line is text, where a backslash is not escaped.
    ///   - escapesQuotes: whether a quotation mark ends the text.
    private mutating func addEscaped(_ text: String, isText: Bool = false, escapesQuotes: Bool = true) {
        var text = text
        text.withUTF8 { utf8 in
            let end = Self.end(of: utf8)
            var index = 0
            var plain = 0
            while index < end {
                let byte = utf8[index]
                // Nearly every byte is printable ASCII that no format escapes.
                if byte &- 0x20 < 0x5F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    index += 1
                    continue
                }
                let length = Self.length(byte)
                let isPlain =
                    switch byte {
                    case UInt8(ascii: "\""): !escapesQuotes
                    case UInt8(ascii: "\\"): isText
                    case 0x80...: !Self.isHidden(Self.scalar(utf8, index, length))
                    default: false
                    }
                if !isPlain {
                    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain..<index]))
                    addEscape(Self.scalar(utf8, index, length))
                    plain = index + length
                }
                index += length
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[plain..<end]))
            if end < utf8.count { add("…") }
        }
    }

    private mutating func addEscape(_ scalar: UInt32) {
        switch scalar {
        case 0x22: add("\\\"")
        case 0x5C: add("\\\\")
        case 0x0A: add("\\n")
        case 0x0D: add("\\r")
        case 0x09: add("\\t")
        case 0x1_0000...:
            addUnit(0xD800 + (scalar - 0x1_0000) >> 10)
            addUnit(0xDC00 + (scalar - 0x1_0000) & 0x3FF)
        default: addUnit(scalar)
        }
    }

    /// Appends `\u001b`.
    private mutating func addUnit(_ unit: UInt32) {
        add("\\u")
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// Where the text is truncated: not within a character.
    private static func end(of utf8: UnsafeBufferPointer<UInt8>) -> Int {
        guard utf8.count > longestText else { return utf8.count }
        var end = longestText
        while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }

    /// How many bytes a character has that begins with this one; a string's bytes are always valid.
    private static func length(_ byte: UInt8) -> Int { byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4 }

    private static func scalar(_ utf8: UnsafeBufferPointer<UInt8>, _ index: Int, _ length: Int) -> UInt32 {
        let first = UInt32(utf8[index])
        guard length > 1 else { return first }
        var value = first & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { value = value << 6 | UInt32(utf8[index + offset] & 0x3F) }
        return value
    }

    private static func isHidden(_ scalar: UInt32) -> Bool { Unicode.Scalar(scalar)?.isHidden ?? false }
}
