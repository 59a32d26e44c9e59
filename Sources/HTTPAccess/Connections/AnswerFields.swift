import NIOCore
import NIOHTTP1
import Primitives

/// The fields of an answer's head. They are valid; texts are made when a reader asks for them, which most do not.
struct AnswerFields: Sendable {
    /// The places of a field's name and value, without the blanks around the value.
    struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// Lines, with the empty one that ends them.
    let bytes: ByteBuffer

    /// The fields as texts.
    var headers: HTTPHeaders {
        let lines = bytes.readableBytesUInt8Span
        var headers = HTTPHeaders()
        var place = 0
        while place < lines.count - 2, let field = Self.next(in: lines, from: &place) {
            headers.add(name: lines.text(field.name), value: lines.text(field.value))
        }
        return headers
    }

    /// Reads one line.
    ///
    /// - Parameters:
    ///   - lines: Lines, each of which ends with CR and LF.
    ///   - place: Where the line begins; afterwards where the next one begins.
    /// - Returns: Nil where the line is not a field (RFC 9112, section 5). A line that continues the one before is none.
    static func next(in lines: Span<UInt8>, from place: inout Int) -> Field? {
        let start = place
        while lines[place].isTokenCharacter { place += 1 }
        let name = start..<place
        guard !name.isEmpty, lines[place] == UInt8(ascii: ":") else { return nil }
        place += 1
        while lines[place].isBlank { place += 1 }
        let first = place
        while lines[place].isFieldContent { place += 1 }
        guard lines.endsLine(at: place) else { return nil }
        var end = place
        while end > first, lines[end - 1].isBlank { end -= 1 }
        place += 2
        return Field(name: name, value: first..<end)
    }
}

extension UInt8 {
    /// Whether the byte may be in a field's name.
    var isTokenCharacter: Bool {
        isASCIIAlphanumeric || self == UInt8(ascii: "-") || "!#$%&'*+.^_`|~".utf8.contains(self)
    }

    /// Whether the byte may be in a field's value.
    var isFieldContent: Bool { (self >= 0x20 && self != 0x7F) || self == UInt8(ascii: "\t") }

    /// Whether the byte is a space or a tab.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}

extension Span<UInt8> {
    /// Whether a word in lower case is here, in either case.
    ///
    /// - Parameters:
    ///   - word: Letters, digits, `-`, `.` and `/`.
    func equals(_ word: StaticString, at place: Int) -> Bool {
        guard place + word.utf8CodeUnitCount <= count else { return false }
        return word.withUTF8Buffer { word in
            word.indices.allSatisfy { index in
                let (byte, wanted) = (self[place + index], word[index])
                return byte == wanted || (byte | 0x20 == wanted && UInt8(ascii: "a")...UInt8(ascii: "z") ~= wanted)
            }
        }
    }

    /// Whether the bytes may be the beginning of a text that begins with a word.
    func beginsLike(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            (0..<Swift.min(count, word.count)).allSatisfy { self[$0] == word[$0] }
        }
    }

    /// Whether CR and LF are here.
    func endsLine(at place: Int) -> Bool {
        place + 1 < count && self[place] == UInt8(ascii: "\r") && self[place + 1] == UInt8(ascii: "\n")
    }

    /// A number of decimal digits; nil for anything else, and for more than 15 digits.
    func number(_ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 15 else { return nil }
        var number = 0
        for place in range {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= self[place] else { return nil }
            number = number * 10 + Int(self[place] - UInt8(ascii: "0"))
        }
        return number
    }

    /// The text of some bytes. What is not UTF-8 is replaced.
    func text(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
