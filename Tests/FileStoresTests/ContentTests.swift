import Testing
import TestSupport

@testable import FileStores

/// The detection of a file's media type.
@Suite("Media types")
struct MediaTypeTests {
    @Test(arguments: [
        ("PK\u{3}\u{4}rest", MediaType.zip), ("PK\u{5}\u{6}", .zip), ("PKnothing,else", .csv),
        ("a,b\n1\t2\t3\t4", .csv),
        ("a\tb,c\td\n", .tsv), ("\"a\tb\tc\",d\n", .csv), ("\u{FEFF}a\tb\r\n", .tsv), ("a;b\n1,2", .csv), ("", .csv),
        ("a,b\u{0}", .binary), ("\u{7F}ELF\u{2}", .binary),
    ])
    func mediaTypeIsDetectedFromTheContent(text: String, type: MediaType) {
        #expect(MediaType(detecting: Array(text.utf8)) == type)
    }

    @Test func gzipAndUTF16AreDetected() {
        #expect(MediaType(detecting: [0x1F, 0x8B, 8, 0]) == .gzip)
        #expect(MediaType(detecting: [0xFF, 0xFE] + "a\tb\n".utf8.flatMap { [$0, 0] }) == .tsv)
        #expect(MediaType(detecting: [0xFE, 0xFF] + "a,b\n".utf8.flatMap { [0, $0] }) == .csv)
    }

    /// As `DelimitedTextScanner` reads them, which decides what an event says about the content.
    @Test(arguments: [
        ("\n\r\na\tb\n1,2,3\n", MediaType.tsv), ("5\" pipe\ta\tb\",c,d,e\n", .csv), ("\"a\tb\"\"\tc\",d\n", .csv),
        ("a\"\tb\n1,2,3\n", .tsv),
    ])
    func headerIsThatOfTheScanner(text: String, type: MediaType) {
        #expect(MediaType(detecting: Array(text.utf8)) == type)
    }

    @Test func expectedFormatDecidesForTextWithoutColumns() {
        #expect(MediaType(detecting: Array("paymentId\n1\n".utf8), expected: .tsv) == .tsv)
        #expect(MediaType(detecting: Array("paymentId\n1\n".utf8), expected: .zip) == .csv)
        #expect(MediaType(detecting: Array("a,b\n".utf8), expected: .tsv) == .csv)
    }
}

/// A ZIP archive without contents, for tests of its directory.
struct ZipSample {
    var members: [(name: String, size: UInt64)]
    var isZip64 = false
    var comment = ""
    /// Bytes of members to make up.
    var padding = 0
    var bytes: [UInt8] {
        var bytes = Array("PK\u{3}\u{4}".utf8) + Array("the members' bytes would be here".utf8)
        bytes += [UInt8](repeating: 0x55, count: padding)
        let start = bytes.count
        for member in members { bytes += entry(member) }
        let length = bytes.count - start
        if isZip64 {
            let record = bytes.count
            bytes += number(0x0606_4B50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8)
            bytes += number(UInt64(members.count), 8) + number(UInt64(members.count), 8)
            bytes += number(UInt64(length), 8) + number(UInt64(start), 8)
            bytes += number(0x0706_4B50, 4) + number(0, 4) + number(UInt64(record), 8) + number(1, 4)
        }
        let count = isZip64 ? 0xFFFF : UInt64(members.count)
        bytes += number(0x0605_4B50, 4) + number(0, 4) + number(count, 2) + number(count, 2)
        bytes += number(isZip64 ? 0xFFFF_FFFF : UInt64(length), 4) + number(isZip64 ? 0xFFFF_FFFF : UInt64(start), 4)
        return bytes + number(UInt64(comment.utf8.count), 2) + Array(comment.utf8)
    }

    private func entry(_ member: (name: String, size: UInt64)) -> [UInt8] {
        let isLong = member.size >= 0xFFFF_FFFF
        // Another extra field precedes the one of ZIP64.
        let extra =
            isLong ? number(0x5455, 2) + number(1, 2) + [0] + number(1, 2) + number(8, 2) + number(member.size, 8) : []
        var bytes = number(0x0201_4B50, 4) + [UInt8](repeating: 0, count: 16) + number(1, 4)
        bytes += number(isLong ? 0xFFFF_FFFF : member.size, 4)
        bytes += number(UInt64(member.name.utf8.count), 2) + number(UInt64(extra.count), 2)
        return bytes + [UInt8](repeating: 0, count: 14) + Array(member.name.utf8) + extra
    }

    private func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}

@Suite("ZIP directories")
struct ZipDirectoryTests {
    private func entries(_ bytes: [UInt8]) -> [FileEntry]? {
        ZipDirectory(size: Int64(bytes.count)) { offset, count in
            guard offset >= 0, offset <= bytes.count else { return [] }
            return Array(bytes[Int(offset)...].prefix(count))
        }.entries()
    }

    private let members: [(name: String, size: UInt64)] = [("a.csv", 1), ("dir/", 0), ("dir/ü.csv", 5_000_000_000)]
    private let listed = [
        FileEntry(name: "a.csv", sizeBytes: 1), FileEntry(name: "dir/ü.csv", sizeBytes: 5_000_000_000),
    ]

    @Test func membersAreListed() {
        #expect(entries(ZipSample(members: members).bytes) == listed)
        #expect(entries(ZipSample(members: members, isZip64: true).bytes) == listed)
        // The signature of the directory's end may also occur in the comment.
        let comment = "made by PK\u{5}\u{6}, a program with a longer name"
        #expect(entries(ZipSample(members: members, comment: comment).bytes) == listed)
        #expect(entries(ZipSample(members: []).bytes) == [])
    }

    @Test func archiveBeyondTheLimitsHasNoList() {
        let many = (0..<257).map { (name: "\($0)", size: UInt64(1)) }
        #expect(entries(ZipSample(members: many).bytes) == nil)
        #expect(entries(ZipSample(members: Array(many.dropLast())).bytes)?.count == 256)
        #expect(entries(ZipSample(members: [(String(repeating: "x", count: 1_025), 1)]).bytes) == nil)
        let longNames = (0..<200).map { (name: "\($0)" + String(repeating: "x", count: 900), size: UInt64(1)) }
        #expect(entries(ZipSample(members: longNames).bytes) == nil)
        #expect(entries(ZipSample(members: Array(longNames.prefix(100))).bytes)?.count == 100)
        #expect(entries(ZipSample(members: [("huge", UInt64.max)], isZip64: true).bytes) == nil)
    }

    @Test func oversizedDirectoryIsNotRead() {
        var bytes = ZipSample(members: members, isZip64: true).bytes
        // The directory's length in the ZIP64 record.
        let record = bytes.count - 22 - 20 - 56
        for index in 0..<8 { bytes[record + 40 + index] = 0x7F }
        var read = 0
        let directory = ZipDirectory(size: Int64(bytes.count)) { offset, count in
            read += count
            return Array(bytes[Int(offset)...].prefix(count))
        }
        #expect(directory.entries() == nil)
        #expect(read < 70_000)
    }

    @Test func damagedArchiveHasNoList() {
        let bytes = ZipSample(members: members).bytes
        #expect(entries([]) == nil)
        #expect(entries(Array(bytes.dropLast())) == nil)
        #expect(entries(Array(bytes.dropFirst())) == nil)
        for count in 0..<bytes.count { #expect(entries(Array(bytes[..<count])) == nil) }
    }

    @Test func controlCharactersInMemberNamesAreReplaced() {
        #expect(entries(ZipSample(members: [("a\n\u{1B}[31m", 1)]).bytes)?.first?.name == "a\u{FFFD}\u{FFFD}[31m")
    }

    @Test(arguments: [
        ("../../etc/passwd", "_/_/etc/passwd"), ("/etc/passwd", "etc/passwd"), ("..\\..\\x.csv", "_/_/x.csv"),
        ("C:\\x.csv", "C_/x.csv"), ("./a//b.csv", "_/a/b.csv"), ("a\u{202E}vsc.exe", "a\u{FFFD}vsc.exe"),
        ("a\u{2066}b\u{200F}c\u{2028}d", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d"), ("...", "..."), ("//", "_"),
        ("ü/é.csv", "ü/é.csv"),
    ])
    func memberNamesAreSafeRelativePaths(name: String, safe: String) {
        #expect(MemberName.safe(Array(name.utf8)[...]) == safe)
    }

    @Test func longMemberNameIsTruncated() {
        let long = MemberName.safe(Array(String(repeating: "ü", count: 500).utf8)[...])
        #expect(long.utf8.count <= MemberName.maximumBytes)
        #expect(long.hasSuffix("ü…"))
        let name = entries(ZipSample(members: [(String(repeating: "x", count: 1_000), 1)]).bytes)?.first?.name
        #expect(name?.utf8.count == MemberName.maximumBytes)
    }

    @Test(arguments: 0..<4) func mutatedArchiveYieldsNoNegativeSize(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for isZip64 in [false, true] {
            let original = ZipSample(members: members, isZip64: isZip64, comment: "comment").bytes
            for _ in 0..<2_000 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                for entry in entries(bytes) ?? [] { #expect(entry.sizeBytes >= 0) }
            }
        }
    }
}
