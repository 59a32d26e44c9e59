import Foundation
import HTTPAccess
import HTTPStandIns
import Testing

@testable import PayoutAPI

/// What a download reports of a table, also when it is interrupted.
@Suite struct DownloadedContentTests {
    /// 5,000 rows of four fields, with line ends and quotes in one of them.
    private static let table: [UInt8] = {
        let rows = (0..<5_000).map { "\($0),\"two\r\nlines, \"\"\($0)\"\"\",\($0 * 7),ä\r\n" }
        return Array(("\u{FEFF}id,text,amount,name\r\n" + rows.joined()).utf8)
    }()

    private func expect(_ content: DelimitedContent?) {
        #expect(content?.rows == 5_000)
        #expect(content?.columns == ["id", "text", "amount", "name"])
        #expect(content?.headerSHA256 == BlobDownloaderTests.sha256(Array("id,text,amount,name".utf8)))
        #expect(content?.delimiter == ",")
        #expect(content?.encoding == "utf-8")
        #expect(content?.hasByteOrderMark == true)
    }

    /// The rest of the table from the byte that a request asks for.
    private static func rest(_ request: StubRequest) -> StubReply {
        let start = request.header("range").flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
        let range = "bytes \(start)-\(table.count - 1)/\(table.count)"
        return .bytes(206, headers: [("etag", "\"v1\""), ("content-range", range)], body: Array(table[start...]))
    }

    private static func broken(at count: Int) -> StubReply {
        .broken(200, headers: [("etag", "\"v1\"")], announced: table.count, body: Array(table[..<count]))
    }

    private func download(
        _ script: @escaping @Sendable (StubRequest, Int) -> StubReply
    ) async throws -> (blob: DownloadedBlob, bytes: [UInt8], requests: Int) {
        var result: (blob: DownloadedBlob, bytes: [UInt8], requests: Int)?
        try await withStub(script) { server, transport in
            let consumer = MemoryConsumer()
            let downloader = try BlobDownloaderTests.downloader(transport)
            let blob = try await downloader.download(BlobDownloaderTests.url(server), to: consumer)
            result = (blob, consumer.bytes, server.requests.count)
        }
        return try #require(result)
    }

    @Test func tableIsCountedAndUnchanged() async throws {
        let (blob, bytes, _) = try await download { _, _ in .bytes(200, body: Self.table) }
        expect(blob.content)
        #expect(bytes == Self.table)
    }

    /// In a quoted field, between CR and LF, between two quotes that are one, and after a whole row.
    @Test(arguments: [60_000, 60_001, 60_007, 60_013, 60_020, 60_033])
    func continuedDownloadCountsEachRowOnce(at count: Int) async throws {
        let (blob, bytes, requests) = try await download { request, index in
            index == 0 ? Self.broken(at: count) : Self.rest(request)
        }
        expect(blob.content)
        #expect(bytes == Self.table)
        #expect(requests == 2)
    }

    @Test func restartedDownloadCountsTheNewFileOnly() async throws {
        let (blob, _, _) = try await download { _, index in
            index == 0
                ? Self.broken(at: 100_000)
                : .bytes(200, headers: [("etag", "\"v2\"")], body: Array("a\tb\n1\t2\n".utf8))
        }
        #expect(blob.content?.rows == 1)
        #expect(blob.content?.columns == ["a", "b"])
        #expect(blob.content?.delimiter == "\t")
    }

    @Test func archiveHasNoContent() async throws {
        let (blob, _, _) = try await download { _, _ in .bytes(200, body: [0x50, 0x4B, 0x03, 0x04, 0x14, 0, 0, 0]) }
        #expect(blob.content == nil)
    }

    @Test func emptyFileHasNoHeader() async throws {
        let (blob, _, _) = try await download { _, _ in .bytes(200, body: []) }
        #expect(blob.content?.rows == 0)
        #expect(blob.content?.columns == nil)
        #expect(blob.content?.headerSHA256 == nil)
        #expect(blob.content?.delimiter == nil)
    }

    @Test(arguments: [String(repeating: "x", count: 16_385), String(repeating: "x,", count: 1_024)])
    func longHeaderHasADigestAndNoNames(header: String) async throws {
        let (blob, _, _) = try await download { _, _ in .bytes(200, body: Array((header + "\n1\n").utf8)) }
        #expect(blob.content?.columns == nil)
        #expect(blob.content?.headerSHA256 == BlobDownloaderTests.sha256(Array(header.utf8)))
        #expect(blob.content?.rows == 1)
    }

    @Test(arguments: [true, false]) func utf16HeaderHasItsNames(isBigEndian: Bool) async throws {
        let text = "\u{FEFF}Größe,\"a,b\",\u{1F600}\r\n1,2,3\r\n"
        let bytes = text.utf16.flatMap { unit in
            let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return isBigEndian ? pair : pair.reversed()
        }
        let (blob, _, _) = try await download { _, _ in .bytes(200, body: bytes) }
        #expect(blob.content?.columns == ["Größe", "a,b", "\u{1F600}"])
        #expect(blob.content?.encoding == (isBigEndian ? "utf-16be" : "utf-16le"))
        #expect(blob.content?.rows == 1)
    }

    @Test func unterminatedQuoteLeavesTheRowsUnknown() async throws {
        let (blob, _, _) = try await download { _, _ in .bytes(200, body: Array("a,b\n1,\"2\n3,4\n".utf8)) }
        #expect(blob.content?.rows == nil)
        #expect(blob.content?.columns == ["a", "b"])
    }
}
