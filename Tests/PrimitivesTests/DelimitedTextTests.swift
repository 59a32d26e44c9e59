import Primitives
import Testing
import TestSupport

/// The numbers of rows and the headers of delimited text, however its bytes are divided into chunks.
@Suite("Delimited text")
struct DelimitedTextTests {
    private static func scan(
        _ bytes: [UInt8],
        _ chunk: () -> Int = { .max }
    ) -> (findings: DelimitedTextScanner.Findings, header: [UInt8]) {
        var scanner = DelimitedTextScanner()
        var header: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let next = rest.prefix(chunk())
            rest = rest.dropFirst(next.count)
            next.withUnsafeBytes { scanner.scan($0) { header += $0 } }
        }
        let findings = scanner.finish { header += $0 }
        return (findings, header)
    }

    /// The same rules, applied byte by byte.
    private static func expected(_ bytes: [UInt8]) -> (rows: Int64?, header: [UInt8]) {
        var (isQuoted, mayOpen, isLineStart, lines) = (false, true, true, Int64(0))
        var header: [UInt8] = []
        var (commas, tabs) = (0, 0)
        var delimiters: [UInt8] = [0x2C, 0x09]
        for byte in bytes {
            let endsLine = !isQuoted && (byte == 0x0A || byte == 0x0D)
            if lines == 0, !endsLine {
                header.append(byte)
                if !isQuoted, byte == 0x2C { commas += 1 }
                if !isQuoted, byte == 0x09 { tabs += 1 }
            }
            if endsLine {
                if !isLineStart { lines += 1 }
                if lines == 1 { delimiters = [tabs > commas ? 0x09 : 0x2C] }
                (isLineStart, mayOpen) = (true, true)
            } else if byte == 0x22, isQuoted || mayOpen {
                isQuoted.toggle()
                (isLineStart, mayOpen) = (false, true)
            } else {
                (isLineStart, mayOpen) = (false, delimiters.contains(byte))
            }
        }
        if !isLineStart { lines += 1 }
        return (isQuoted ? nil : max(0, lines - 1), header)
    }

    /// Alphabets with few and with many special characters.
    @Test(arguments: [
        "abcdefghijklmnopqrstuvwxyz,\"\r\n", "ab,,\"\"\"\r\n\t", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\"\n",
    ])
    func chunksDoNotChangeTheCount(alphabet: String) {
        var generator = SeededGenerator(seed: UInt64(alphabet.count))
        let letters = Array(alphabet.utf8)
        for _ in 0..<400 {
            let count = Int.random(in: 0...600, using: &generator)
            let bytes = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
            let limit = Int.random(in: 1...200, using: &generator)
            let (findings, header) = Self.scan(bytes) { Int.random(in: 1...limit, using: &generator) }
            let (rows, expectedHeader) = Self.expected(bytes)
            #expect(findings.rows == rows, "\(String(decoding: bytes, as: UTF8.self).debugDescription)")
            #expect(header == expectedHeader)
        }
    }

    @Test(
        arguments: [
            ("", 0, ""), ("a,b", 0, "a,b"), ("a,b\n", 0, "a,b"), ("a,b\n1,2", 1, "a,b"), ("a,b\n1,2\n", 1, "a,b"),
            ("a,b\r\n1,2\r\n3,4\r\n", 2, "a,b"), ("a,b\r1,2\r3,4", 2, "a,b"), ("\n\r\na,b\n\n1,2\n\n\n", 1, "a,b"),
            ("a,b\n\"1\n\r\n\",2\n", 1, "a,b"), ("a,b\n\"1\"\"\n\"\"\",2\n3,4\n", 2, "a,b"),
            ("\"a\nb\",c\n1,2\n", 1, "\"a\nb\",c"), ("a,b\n5\" pipe,2\n6\",3\n", 2, "a,b"),
            ("a,b\n\"1\"x\"\n,2\n", 2, "a,b"), ("a\n\"\"\n", 1, "a"), ("a,b\n,\n", 1, "a,b"),
        ] as [(String, Int64, String)]
    )
    func rowsAreCounted(text: String, rows: Int64, header: String) {
        for size in [1, 2, 3, 7, 100] {
            let scanned = Self.scan(Array(text.utf8)) { size }
            #expect(scanned.findings.rows == rows)
            #expect(String(decoding: scanned.header, as: UTF8.self) == header)
            #expect(scanned.findings.hasHeader == !header.isEmpty)
            #expect(scanned.findings.isText)
            #expect(scanned.findings.encoding == .utf8)
        }
    }

    @Test func unterminatedQuoteLeavesTheRowsUnknown() {
        let later = Self.scan(Array("a,b\n1,2\n\"3,4\n5,6\n".utf8)).findings
        #expect(later.rows == nil)
        #expect(later.hasHeader)
        let first = Self.scan(Array("\"a,b\n1,2\n".utf8)).findings
        #expect(first.rows == nil)
        #expect(!first.hasHeader)
    }

    @Test(arguments: [("a\tb,c\td\n", "\t"), ("a,b\tc\n", ","), ("a,b\n", ","), ("a\n", nil), ("\"a,b\"\n", nil)])
    func delimiterIsTheOneThatTheHeaderHasMoreOf(text: String, delimiter: Character?) {
        #expect(Self.scan(Array(text.utf8)).findings.delimiter == delimiter)
    }

    @Test func quoteAfterTheOtherDelimiterIsACharacter() {
        #expect(Self.scan(Array("a\tb\n1,\"\t2\n3\t4\n".utf8)).findings.rows == 2)
        #expect(Self.scan(Array("a,b\n1\t\",2\n3,4\n".utf8)).findings.rows == 2)
    }

    // MARK: Encodings

    @Test func byteOrderMarkIsNoPartOfTheHeader() {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        for size in 1...4 {
            let scanned = Self.scan(mark + Array("ä,b\n1,2\n".utf8)) { size }
            #expect(scanned.header == Array("ä,b".utf8))
            #expect(scanned.findings.hasByteOrderMark)
            #expect(scanned.findings.rows == 1)
        }
        let empty = Self.scan(mark).findings
        #expect(empty.rows == 0 && !empty.hasHeader && empty.hasByteOrderMark && empty.encoding == .utf8)
    }

    @Test(arguments: [true, false]) func utf16IsCounted(isBigEndian: Bool) {
        // The units of the first have the bytes of quotes, commas and line ends.
        let text = "\u{FEFF}\u{220A},\u{0D2C},b\n\u{2C22},\"x\n\u{1F600}\",3\r\n4,5,6"
        let bytes = text.utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return isBigEndian ? [high, low] : [low, high]
        }
        for size in [1, 2, 3, 5, 1_000] {
            let scanned = Self.scan(bytes) { size }
            #expect(scanned.findings.encoding == (isBigEndian ? .utf16BigEndian : .utf16LittleEndian))
            #expect(scanned.findings.rows == 2)
            #expect(scanned.header == Array(bytes[2..<12]))
        }
        // Each text has the line with the quotes, and its last line ends where the next text's first one does.
        let long = Array(repeating: bytes[2...], count: 2_000).reduce(Array(bytes[..<2]), +)
        for size in [4_096, 4_097, .max] { #expect(Self.scan(long) { size }.findings.rows == 4_000) }
    }

    @Test(
        arguments: [
            ([0x61, 0x2C, 0xE4, 0x0A], false), ([0xC3, 0xA4], true), ([0xC3], false), ([0xC0, 0x80], false),
            ([0xED, 0xA0, 0x80], false), ([0xF4, 0x8F, 0xBF, 0xBF], true), ([0xF4, 0x90, 0x80, 0x80], false),
            ([0xE0, 0x9F, 0xBF], false), ([0xFF], false),
        ] as [([UInt8], Bool)]
    )
    func otherEncodingsAreUnknown(bytes: [UInt8], isUTF8: Bool) {
        let text = Array(repeating: UInt8(ascii: "a"), count: 70) + bytes
        for size in [1, 3, 71, 1_000] {
            let findings = Self.scan(text) { size }.findings
            #expect(findings.encoding == (isUTF8 ? .utf8 : nil))
            #expect(findings.rows == 0)
        }
    }

    @Test(arguments: [[0x50, 0x4B, 0x03, 0x04], [0x1F, 0x8B, 0x08], Array("a,b\n1,\u{0}".utf8)] as [[UInt8]])
    func binaryFileIsNoText(bytes: [UInt8]) {
        for size in [1, 2, 100] { #expect(!Self.scan(bytes) { size }.findings.isText) }
    }

    @Test func headerOfMegabytesIsPassedInPieces() {
        var scanner = DelimitedTextScanner()
        var (bytes, pieces) = (0, 0)
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1_024)
        for _ in 0..<64 {
            chunk.withUnsafeBytes {
                scanner.scan($0) {
                    bytes += $0.count
                    pieces += 1
                }
            }
        }
        let findings = scanner.finish { _ in }
        #expect(bytes == 4 << 20)
        #expect(pieces >= 64)
        #expect(findings.rows == 0)
        #expect(findings.hasHeader)
    }

    // MARK: Records

    private static func records(_ text: String, chunk: Int = .max) throws -> [[String]] {
        var parser = DelimitedRecordParser(limit: 1_000, maximumFields: 1_001)
        var records: [[String]] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try rest.prefix(chunk).withUnsafeBytes { try parser.parse($0) { records.append($0) } }
            rest = rest.dropFirst(chunk)
        }
        try parser.finish { records.append($0) }
        return records
    }

    @Test(arguments: [1, 2, 3, 100]) func recordsHaveTheirFields(chunk: Int) throws {
        let text = "a,\"b \"\"c\"\"\",\r\n\n\"1\n2\",,5\" x\n\"\",\"q\"x\"y,ä"
        let expected = [["a", "b \"c\"", ""], ["1\n2", "", "5\" x"], ["", "qx\"y", "ä"]]
        #expect(try Self.records(text, chunk: chunk) == expected)
    }

    @Test(arguments: ["ab,,\"\"\"\r\n", "abcdefghij,\"\n"]) func recordsAreAsManyAsRows(alphabet: String) throws {
        var generator = SeededGenerator(seed: 3)
        // Not characters, of which CRLF is one.
        let letters = Array(alphabet.unicodeScalars.map { String($0) })
        var unterminated = 0
        for _ in 0..<400 {
            let parts = (0..<100).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
            let text = parts.joined()
            let findings = Self.scan(Array(text.utf8)).findings
            do {
                let records = try Self.records(text, chunk: Int.random(in: 1...50, using: &generator))
                #expect(max(0, Int64(records.count) - 1) == findings.rows, "\(text.debugDescription)")
            } catch DelimitedRecordParser.Problem.unterminatedQuote {
                unterminated += 1
                #expect(findings.rows == nil, "\(text.debugDescription)")
            }
        }
        #expect((1..<400).contains(unterminated))
    }

    @Test func firstRecordDecidesTheDelimiter() throws {
        #expect(try Self.records("a\tb,c\t\"d,e\"\n1,2\t3\n") == [["a", "b,c", "d,e"], ["1,2", "3"]])
        #expect(try Self.records("a,b\tc,d\n1\t2,3") == [["a", "b\tc", "d"], ["1\t2", "3"]])
        #expect(try Self.records("a\n1\t2") == [["a"], ["1\t2"]])
    }

    @Test func fieldThatIsNotUTF8IsAnError() {
        var parser = DelimitedRecordParser(limit: 1_000, maximumFields: 1_001)
        #expect(throws: DelimitedRecordParser.Problem.invalidText) {
            try [0x61, 0xE4, 0x2C].withUnsafeBytes { try parser.parse($0) { _ in } }
        }
    }

    @Test func recordsWithTooManyFieldsAreErrors() throws {
        func count(_ text: String) throws -> Int {
            var parser = DelimitedRecordParser(limit: 1_000, maximumFields: 3)
            var records = 0
            try Array(text.utf8).withUnsafeBytes { try parser.parse($0) { _ in records += 1 } }
            try parser.finish { _ in records += 1 }
            return records
        }
        #expect(try count("a,b,c\n1,2,\"3,4\"\n,,\n") == 3)
        for text in ["a,b,c,d", "a\tb,c\td\n", "a,b\n1,2,3,\n", "a,b\n,,,,,,,"] {
            #expect(throws: DelimitedRecordParser.Problem.tooManyFields(limit: 3)) { try count(text) }
        }
    }

    @Test func unterminatedAndLongRecordsAreErrors() {
        #expect(throws: DelimitedRecordParser.Problem.unterminatedQuote) { try Self.records("a,\"b\nc") }
        for text in [
            String(repeating: "x", count: 1_001), String(repeating: ",", count: 1_001),
            "\"" + String(repeating: "\"\"", count: 1_001) + "\"",
        ] {
            #expect(throws: DelimitedRecordParser.Problem.recordTooLong(limit: 1_000)) { try Self.records(text) }
        }
    }
}
