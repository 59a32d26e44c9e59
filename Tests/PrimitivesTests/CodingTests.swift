import Primitives
import Testing
import TestSupport

@Suite("Percent, hexadecimal and Base64 coding")
struct CodingTests {
    @Test("All but unreserved characters is percent-encoded")
    func percentEncodes() {
        #expect("aZ09-._~".percentEncoded() == "aZ09-._~")
        #expect("a b/c%é*'".percentEncoded() == "a%20b%2Fc%25%C3%A9%2A%27")
        #expect("a/b c".percentEncodedPath() == "a/b%20c")
        #expect("a!b c".percentEncoded { $0 != UInt8(ascii: " ") } == "a!b%20c")
    }

    @Test("Percent-encoding reads back whatever it wrote")
    func percentEncodingReadsBack() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let bytes = (0..<20).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.percentEncoded().percentDecoded() == text)
            #expect(PercentEncoding.decoded(text.percentEncoded()) == text)
            #expect(PercentEncoding.decoded(text.percentEncoded(), plusIsSpace: true) == text)
        }
    }

    @Test(
        "The lenient decoder keeps a broken escape, the strict one refuses it",
        arguments: ["%", "a%4", "%zz", "%%4g"]
    )
    func brokenEscapes(text: String) {
        #expect(text.percentDecoded() == text)
        #expect(PercentEncoding.decoded(text) == nil)
    }

    @Test("Bytes that are not UTF-8 are refused by the strict decoder")
    func invalidUTF8() {
        #expect(PercentEncoding.decoded("%FF") == nil)
        #expect("%FF".percentDecoded() == "\u{FFFD}")
    }

    @Test("A plus sign is a space in forms only")
    func plusSigns() {
        #expect(PercentEncoding.decoded("a+b%2B") == "a+b+")
        #expect(PercentEncoding.decoded("a+b%2B", plusIsSpace: true) == "a b+")
    }

    @Test("Forms are encoded strictly, and read back")
    func forms() throws {
        let text = FormFields.encoded([("a b", "1&2=3+4 %é~-._*'"), ("c", ""), ("c", "2")])
        #expect(text == "a%20b=1%262%3D3%2B4%20%25%C3%A9~-._%2A%27&c=&c=2")
        let fields = try #require(FormFields(text))
        #expect(fields["a b"] == "1&2=3+4 %é~-._*'")
        #expect(fields["c"] == "")
        #expect(fields.count(of: "c") == 2)
        #expect(fields["d"] == nil)
        #expect(FormFields("")?.pairs.isEmpty == true)
        #expect(FormFields("a&b=x=y")?.pairs.map(\.value) == ["", "x=y"])
        #expect(FormFields("a=%G1") == nil)
        #expect(FormFields("a=%FF") == nil)
    }

    @Test("Hexadecimal is written in lower case and read in both")
    func hexadecimal() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.encoded([0x00, 0x9A, 0xFF]) == "009aff")
        #expect(Hexadecimal.decoded(Hexadecimal.encoded(bytes)) == bytes)
        #expect(Hexadecimal.decoded("009AfF") == [0x00, 0x9A, 0xFF])
        #expect(Hexadecimal.decoded("") == [])
        for text in ["0", "0g", " 00", "0x00", "００"] { #expect(Hexadecimal.decoded(text) == nil) }
        #expect((0..<16).map { Hexadecimal.digit($0) } == Array("0123456789abcdef".utf8))
        #expect((0..<16).map { Hexadecimal.upperCaseDigit($0) } == Array("0123456789ABCDEF".utf8))
        #expect((0...255).compactMap { Hexadecimal.value(of: UInt8($0)) }.count == 22)
    }

    @Test("Base64 for URLs reads back what it wrote, without padding")
    func base64URL() {
        var generator = SeededGenerator(seed: 3)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
            let text = Base64URL.encoded(bytes)
            #expect(Base64URL.decoded(text[...].utf8) == bytes)
            #expect(!text.contains { "+/=".contains($0) })
        }
        #expect(Base64URL.encoded("any carnal pleas".utf8) == "YW55IGNhcm5hbCBwbGVhcw")
        #expect(Base64URL.decoded("A"[...].utf8) == nil)
        #expect(Base64URL.decoded("A*AA"[...].utf8) == nil)
    }

    @Test(
        "Digits are filled up with zeros, and cut to the last ones",
        arguments: [(7, 1, "7"), (7, 3, "007"), (1_234, 2, "34")]
    )
    func digits(number: Int64, width: Int, text: String) {
        var bytes = Array("x".utf8)
        bytes.appendDigits(number, width)
        #expect(String(decoding: bytes, as: UTF8.self) == "x" + text)
    }

    @Test("Base64 is padded, and read with its padding only")
    func base64() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            #expect(Base64.encoded(bytes.utf8) == text)
            #expect(Base64.decoded(text.utf8) == Array(bytes.utf8))
        }
        #expect(Base64.encoded([0xFB, 0xFF]) == "+/8=")
        for text in ["Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9v=", "-_8=", "Zm 9", "===="] {
            #expect(Base64.decoded(text.utf8) == nil, "\(text)")
        }
    }

    @Test("Blanks around a text go, those inside stay")
    func trimming() {
        #expect(" \t a b\r\n".trimmingBlanks() == "a b")
        #expect(" \n".trimmingBlanks() == "")
        #expect("\u{A0}a".trimmingBlanks() == "\u{A0}a")
        #expect("\u{A0} a\u{3000}b\u{2028}\r\n".trimmingWhitespace() == "a\u{3000}b")
        #expect("\n".trimmingWhitespace() == "")
    }
}
