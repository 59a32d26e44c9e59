import Foundation
import Primitives
import Testing
import TestSupport

@Suite("JSON: the scanner")
struct JSONScannerTests {
    /// Scans a whole document; the error where it is refused.
    static func scan(_ bytes: [UInt8]) -> JSONSyntaxError? {
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            do throws(JSONSyntaxError) {
                _ = try scanner.value(depth: 0)
                try scanner.finish()
                return nil
            } catch {
                return error
            }
        }
    }

    /// The text of a document that is a string.
    static func text(_ json: String) throws -> String {
        try Array(json.utf8).withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            return scanner.text(try scanner.value())
        }
    }

    @Test(
        "JSON is accepted",
        arguments: [
            "null", "true", " false ", "0", "-0", "12.5e+7", "1E-2", #""""#, #""a\"b""#, "[]", "[ ]", "[1,[2],{}]",
            "{}",
            #"{"a":1,"b":{"c":[null]}}"#, "\u{FEFF}{}", #""é𝄞""#, #""\ud834\udd1e""#, "\t\r\n [ 1 , 2 ] \n",
        ]
    )
    func accepts(json: String) {
        #expect(Self.scan(Array(json.utf8)) == nil)
    }

    @Test(
        "What is not JSON is refused, with its place",
        arguments: [
            ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("[1", .unexpectedEnd, 2), ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1), ("{\"a\":1,}", .unexpectedByte, 7), ("{a:1}", .unexpectedByte, 1),
            ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":}", .unexpectedByte, 5), ("[1 2]", .unexpectedByte, 3),
            ("tru", .unexpectedEnd, 3), ("trux", .unexpectedByte, 3), ("nul]", .unexpectedByte, 3),
            ("01", .badNumber, 0), ("1.", .badNumber, 0), (".5", .unexpectedByte, 0), ("-", .badNumber, 0),
            ("1e", .badNumber, 0), ("+1", .unexpectedByte, 0), ("{} x", .trailingBytes, 3), ("\"a", .unexpectedEnd, 2),
            ("\"a\nb\"", .controlCharacter, 2), (#""\x""#, .badEscape, 1), (#""\u12g4""#, .badEscape, 1),
            (#""\u12"#, .unexpectedEnd, 5), (#""\ud834""#, .loneSurrogate, 1), (#""\udd1e""#, .loneSurrogate, 1),
            (#""\ud834\u0041""#, .loneSurrogate, 1), ("NaN", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0),
        ] as [(String, JSONSyntaxError.Problem, Int)]
    )
    func refuses(json: String, problem: JSONSyntaxError.Problem, offset: Int) {
        #expect(Self.scan(Array(json.utf8)) == JSONSyntaxError(problem, at: offset))
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ]
    )
    func refusesInvalidUTF8(bytes: [UInt8]) {
        #expect(Self.scan([0x22] + bytes + [0x22])?.problem == .notUTF8)
    }

    @Test("Nesting is bounded")
    func boundsNesting() {
        func nested(_ levels: Int) -> [UInt8] {
            Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
        }
        let limit = JSONScanner.defaultDepth
        #expect(Self.scan(nested(limit)) == nil)
        #expect(Self.scan(nested(limit + 1)) == JSONSyntaxError(.tooDeep(levels: limit), at: limit))
        #expect(Self.scan(nested(200_000))?.problem == .tooDeep(levels: limit))
    }

    @Test("Escapes are resolved")
    func resolvesEscapes() throws {
        #expect(try Self.text(#""\"\\\/\b\f\n\r\t\u00e9\ud834\udd1e""#) == "\"\\/\u{8}\u{C}\n\r\té𝄞")
        #expect(try Self.text(#""plain é""#) == "plain é")
    }

    @Test("Members are found in their order")
    func findsMembers() throws {
        let json = Array(#" {"a" : 1, "b\u0063":[2, 3] } "#.utf8)
        try json.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            #expect(scanner.nextKind() == .object)
            scanner.enter()
            var members: [String] = []
            var isFirst = true
            while let key = try scanner.nextKey(isFirst: &isFirst) {
                let value = try scanner.value()
                members.append("\(scanner.text(key))=\(scanner.text(value))")
            }
            try scanner.finish()
            #expect(members == ["a=1", "bc=[2, 3]"])
        }
    }

    @Test("Foundation's parser agrees on damaged documents")
    func agreesWithFoundation() {
        let document = Array(#"{"a":[1,-2.5e3,true,null,"x\n\u00e9é"],"b":{"c":{},"d":[]},"e":"\ud834\udd1e"}"#.utf8)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<3_000 {
            var bytes = document
            let place = Int.random(in: bytes.indices, using: &generator)
            bytes[place] = UInt8.random(in: 0x20..<0x7F, using: &generator)
            let isAccepted = Self.scan(bytes) == nil
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
            // Foundation also refuses an object with a name that comes twice, or a number that no type holds.
            if isJSON { #expect(isAccepted, "\(String(decoding: bytes, as: UTF8.self))") }
        }
    }
}
