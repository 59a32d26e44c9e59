import Primitives
import Testing
import TestSupport

@Suite("JSON: the writer")
struct JSONWriterTests {
    private static func json(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 64)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Commas stand between members and elements only")
    func commas() {
        let json = Self.json { writer in
            writer.object { writer in
                writer.key("a")
                writer.array([1, 2]) { $0.integer($1) }
                writer.key(escaping: "b")
                writer.object { _ in }
                writer.key("c")
                writer.array { writer in
                    writer.null()
                    writer.boolean(true)
                    writer.raw("{}")
                    writer.array([Int]()) { $0.integer($1) }
                }
                writer.member("d", nil as String?)
                writer.member("e", "x")
                writer.member("f", 3)
            }
        }
        #expect(json == #"{"a":[1,2],"b":{},"c":[null,true,{},[]],"d":null,"e":"x","f":3}"#)
    }

    @Test(
        "Whole numbers of every size are written",
        arguments: [0, 1, -1, 9, 10, -10, 1_795_305_600_000, .min, .max] as [Int64]
    )
    func integers(number: Int64) {
        #expect(Self.json { $0.integer(number) } == "\(number)")
        #expect(Self.json { $0.integer(UInt64(bitPattern: number)) } == "\(UInt64(bitPattern: number))")
        #expect(Self.json { $0.integer(UInt8(truncatingIfNeeded: number)) } == "\(UInt8(truncatingIfNeeded: number))")
    }

    @Test("Strings are escaped where JSON demands it and nowhere else")
    func escapes() {
        let text = (0..<0x20).map { String(Unicode.Scalar(UInt8($0))) }.joined() + "\"\\/\u{7F}é𝄞"
        let json = Self.json { $0.string(text) }
        #expect(
            json == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
                + "\\\"\\\\/\u{7F}é𝄞\""
        )
        #expect(Self.json { $0.string("") } == "\"\"")
    }

    @Test("Whatever is written reads back")
    func readsBack() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<500 {
            let bytes = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(try JSONScannerTests.text(Self.json { $0.string(text) }) == text)
        }
    }

    @Test("Times are strings of RFC 3339")
    func timestamps() {
        let time = Timestamp(milliseconds: 1_685_049_646_372)
        #expect(Self.json { $0.timestamp(time) } == "\"2023-05-25T21:20:46.372Z\"")
        #expect(Self.json { $0.timestamp(time, fractionDigits: 7) } == "\"2023-05-25T21:20:46.3720000Z\"")
        #expect(Self.json { $0.timestamp(nil) } == "null")
    }
}
