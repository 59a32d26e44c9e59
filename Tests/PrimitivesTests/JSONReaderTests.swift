import Primitives
import Testing

@Suite("JSON: the lenient reader")
struct JSONReaderTests {
    /// The texts of an object's members, by their order.
    static func members(_ json: String) throws -> [String?] {
        try Array(json.utf8).withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            var texts: [String?] = []
            try reader.readObject { name, reader throws(JSONSyntaxError) in
                guard name.is("wanted") else { return }
                texts.append(try reader.readText())
            }
            return texts
        }
    }

    @Test("Names are compared without regard to case, and the rest is skipped")
    func names() throws {
        #expect(try Self.members(#"{"other":[{"wanted":1}],"WANTED":"a","wanted":2.50,"wantes":3}"#) == ["a", "2.50"])
        #expect(try Self.members(#"{"wanted":null,"wanted":true,"wanted":[],"wanted":{}}"#) == [nil, nil, nil, nil])
    }

    @Test(
        "Harmless faults are accepted",
        arguments: [
            #"{"wanted":"x",}"#, #"{"other":[1,],"wanted":"x"}"#, #"{"wanted":"x"} and more"#,
            "\u{FEFF}{\"wanted\":\"x\"}",
            #"{"other":nan,"wanted":"x"}"#, "{\"other\":\"a\u{1}b\",\"wanted\":\"x\"}",
            #"{"other":"\q","wanted":"x"}"#, #"{"other":01.2.3,"wanted":"x"}"#, #"{"other":truest,"wanted":"x"}"#,
        ]
    )
    func accepts(json: String) throws {
        #expect(try Self.members(json).allSatisfy { $0 == "x" })
    }

    @Test(
        "What cannot be read is refused",
        arguments: ["", "[]", "{", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a" 1}"#, #"{a:1}"#, #"{"a":@}"#, #"{"a":"x}"#]
    )
    func refuses(json: String) {
        #expect(throws: JSONSyntaxError.self) { try Self.members(json) }
    }

    @Test(
        "Escapes are resolved, and broken ones kept without the backslash",
        arguments: [
            (#"\n\t\"\\\/\u00e9"#, "\n\t\"\\/é"), (#"\ud834\udd1e"#, "𝄞"), (#"\ud834"#, "\u{FFFD}"),
            (#"\ud834\ud834\udd1e"#, "\u{FFFD}𝄞"), (#"\udd1ex"#, "\u{FFFD}x"), (#"\u12g4"#, "u12g4"), (#"\q"#, "q"),
            (#"\u"#, "u"),
        ]
    )
    func escapes(raw: String, text: String) throws {
        #expect(try Self.members("{\"wanted\":\"\(raw)\"}") == [text])
    }

    @Test("Elements are read one by one, and what is left is skipped")
    func elements() throws {
        let json = Array(#"{"list":[1,{"a":[2]},"three"],"after":4}"#.utf8)
        try json.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            var texts: [String] = []
            try reader.readObject { name, reader throws(JSONSyntaxError) in
                guard name.is("list") else {
                    if let text = try reader.readText() { texts.append(text) }
                    return
                }
                try reader.readArray { reader throws(JSONSyntaxError) in
                    guard try reader.peek() != .object else { return }
                    if let text = try reader.readText() { texts.append(text) }
                }
            }
            #expect(texts == ["1", "three", "4"])
        }
    }

    @Test("Nesting is bounded, whether it is read or skipped")
    func boundsNesting() throws {
        func nested(_ levels: Int) -> String {
            "{\"other\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        #expect(try Self.members(nested(JSONReader.maximumDepth - 1)) == [])
        #expect(throws: JSONSyntaxError.self) { try Self.members(nested(JSONReader.maximumDepth)) }
        #expect(throws: JSONSyntaxError.self) { try Self.members(nested(200_000)) }
        func descend(_ reader: inout JSONReader) throws(JSONSyntaxError) {
            try reader.readArray { reader throws(JSONSyntaxError) in try descend(&reader) }
        }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 200_000)
        #expect(throws: JSONSyntaxError.self) {
            try deep.withUnsafeBytes { bytes in
                var reader = JSONReader(bytes)
                try descend(&reader)
            }
        }
    }
}
