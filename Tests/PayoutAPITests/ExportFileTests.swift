import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import PayoutFilters
import Primitives
import Testing
import TestSupport

@testable import PayoutAPI

/// Files of exports as files, bytes and rows.
@Suite struct ExportFileTests {
    private struct Payment: ExportRow, Equatable {
        enum Status: String, Decodable { case sent = "SENT", upcoming = "UPCOMING" }

        var paymentId: Int
        var total: Decimal
        var paid: Date?
        var isFinal: Bool
        var status: Status
        var note: String?
        var key: UUID?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case paymentId, total, paid = "payoutStatusUpdateTS", isFinal, status, note, key
        }
    }

    private static let header = "Note,extra,PAYMENTID,total,payoutStatusUpdateTS,isFinal,status,key"
    private static let key = "93C2B3CF-C6D8-4E7E-ADE1-007768A6EBA4"
    private static let text =
        "\u{FEFF}\(header)\r\n\"a,\r\n\"\"b\"\"\",x,17,1234.56,2026-11-22T00:00:00Z,true,SENT,\(key)\r\n,,-2,0.1,,0,UPCOMING,\r\n"

    private func withServer(
        _ replies: [StubReply],
        _ body: (PayoutClient, Export, StubServer) async throws -> Void
    ) async throws {
        try await withStub({ _, index in replies[min(index, replies.count - 1)] }) { server, transport in
            var configuration = PayoutClient.Configuration()
            configuration.baseURL = server.url
            configuration.downloads.hosts = try BlobHostRules(patterns: [], allowsLoopback: true)
            // However long a test takes, its downloads are neither stalled nor slow.
            configuration.downloads.stallTimeout = .seconds(30_000)
            configuration.downloads.minimumRate.bytes = 0
            configuration.downloads.backOff = .milliseconds(1) ... .milliseconds(1)
            let client = try PayoutClient(
                configuration: configuration,
                tokens: StaticTokenProvider(Secret("t")),
                transport: transport
            )
            let url = SASURL("\(server.url)/files/f.csv?se=2099-01-01&sig=x")
            let export = Export(kind: .payments, requestID: "r", status: .completed, blobLocation: url)
            try await body(client, export, server)
        }
    }

    private func with(_ replies: [StubReply], _ body: (PayoutClient, Export) async throws -> Void) async throws {
        try await withServer(replies) { client, export, _ in try await body(client, export) }
    }

    private func with(_ text: String, _ body: (PayoutClient, Export) async throws -> Void) async throws {
        try await with([.bytes(200, headers: [("etag", "\"1\"")], body: Array(text.utf8))], body)
    }

    private func rows(_ text: String) async throws -> [Payment] {
        var rows: [Payment] = []
        try await with(text) { client, export in
            for try await row in client.rows(of: export, as: Payment.self) { rows.append(row) }
        }
        return rows
    }

    private func error(_ text: String) async throws -> ExportRowError {
        try await failure(of: ExportRowError.self) { _ = try await rows(text) }
    }

    // MARK: Files

    @Test func fileAppearsUnderItsNameWhenItIsComplete() async throws {
        try await withTemporaryFolder { folder in
            let file = URL(filePath: folder).appending(path: "payments.csv")
            try Data("old".utf8).write(to: file)
            try await with(Self.text) { client, export in
                let blob = try await client.download(export, to: file)
                #expect(blob.size == Int64(Self.text.utf8.count))
                #expect(blob.content?.rows == 2)
            }
            #expect(try Data(contentsOf: file) == Data(Self.text.utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["payments.csv"])
        }
    }

    @Test func failedDownloadLeavesTheOldFile() async throws {
        try await withTemporaryFolder { folder in
            let file = URL(filePath: folder).appending(path: "payments.csv")
            try Data("old".utf8).write(to: file)
            try await with([.answer(404)]) { client, export in
                let error = try await failure(of: PayoutAPIError.self) {
                    try await client.download(export, to: file)
                }
                // The storage has no such file, and the service no such export.
                #expect(error.code == "notFound")
            }
            #expect(try Data(contentsOf: file) == Data("old".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["payments.csv"])
        }
    }

    @Test func restartedDownloadHasNoBytesOfTheFirst() async throws {
        try await withTemporaryFolder { folder in
            let file = URL(filePath: folder).appending(path: "payments.csv")
            let first = StubReply.broken(
                200,
                headers: [("etag", "\"1\"")],
                announced: 9_000,
                body: Array(repeating: 0x61, count: 5_000)
            )
            let second = StubReply.bytes(200, headers: [("etag", "\"2\"")], body: Array("a,b\n".utf8))
            try await with([first, second]) { client, export in _ = try await client.download(export, to: file) }
            #expect(try Data(contentsOf: file) == Data("a,b\n".utf8))
        }
    }

    @Test func exportWithoutAFileIsPolledOnce() async throws {
        let pending = Export(kind: .payments, requestID: PayoutClientTests.id, status: .processing)
        let answer = StubReply.answer(200, body: PayoutClientTests.envelope(status: "Processing"))
        try await withServer([answer]) { client, _, server in
            let error = try await failure(of: ExportNotCompleted.self) {
                for try await _ in client.bytes(of: pending) {}
            }
            #expect(error.reason == .pending)
            #expect(server.requests.count == 1)
        }
    }

    // MARK: Bytes

    @Test func bytesAreThoseOfTheFile() async throws {
        let text = String(repeating: "1,2,3\n", count: 100_000)
        try await with(text) { client, export in
            var bytes: [UInt8] = []
            for try await chunk in client.bytes(of: export) { bytes += chunk.readableBytesView }
            #expect(bytes == Array(text.utf8))
        }
    }

    @Test func interruptedIterationCancelsTheDownload() async throws {
        // The rest of the file never arrives, so only a download that is cancelled closes its connection.
        let reply = StubReply.stalled(
            200,
            headers: [("etag", "\"1\"")],
            announced: 9_000,
            body: Array(repeating: 0x61, count: 5_000)
        )
        try await withServer([reply]) { client, export, server in
            for try await chunk in client.bytes(of: export) {
                #expect(chunk.readableBytes > 0)
                #expect(server.openConnections == 1)
                break
            }
            try await eventually { server.openConnections == 0 }
            #expect(server.requests.count == 1)
        }
    }

    /// Without an `ETag` the second answer may be the same file: it is not reported as damaged.
    @Test(arguments: ["", "W/\"1\""])
    func lostConnectionOfAFileWithoutAStrongTagIsTheError(etag: String) async throws {
        let headers = etag.isEmpty ? [] : [("etag", etag)]
        let body = [UInt8](repeating: 0x61, count: 9_000)
        let first = StubReply.broken(200, headers: headers, announced: 9_000, body: Array(body[..<5_000]))
        // The refusal in between is not what interrupted the bytes.
        let replies = [first, .answer(503), .bytes(200, headers: headers, body: body)]
        try await withServer(replies) { client, export, server in
            let error = try await failure(of: BlobDownloadError.self) {
                for try await _ in client.bytes(of: export) {}
            }
            #expect(error.reason == .transport(.closed))
            #expect(!error.concernsContent)
            #expect(server.requests.count == 3)
        }
    }

    @Test func fileThatChangesAfterItsFirstBytesEndsTheIteration() async throws {
        let first = StubReply.broken(
            200,
            headers: [("etag", "\"1\"")],
            announced: 9_000,
            body: Array(repeating: 0x61, count: 5_000)
        )
        let second = StubReply.bytes(200, headers: [("etag", "\"2\"")], body: Array("a,b\n".utf8))
        try await with([first, second]) { client, export in
            let error = try await failure(of: BlobDownloadError.self) {
                for try await _ in client.bytes(of: export) {}
            }
            #expect(error.reason == .corrupted("the file has changed during the download"))
        }
    }

    // MARK: Rows

    @Test func rowsAreDecodedByTheNamesInTheHeader() async throws {
        let rows = try await rows(Self.text)
        #expect(
            rows == [
                Payment(
                    paymentId: 17,
                    total: Decimal(string: "1234.56") ?? 0,
                    paid: Date(timeIntervalSince1970: 1_795_305_600),
                    isFinal: true,
                    status: .sent,
                    note: "a,\r\n\"b\"",
                    key: UUID(uuidString: Self.key)
                ),
                Payment(paymentId: -2, total: Decimal(string: "0.1") ?? 0, isFinal: false, status: .upcoming),
            ]
        )
    }

    @Test func tabsSeparateFieldsWhereTheHeaderHasThem() async throws {
        let text = Self.text.replacing("\"a,\r", with: "\"a;\r").replacing(",", with: "\t")
        #expect(try await rows(text).map(\.paymentId) == [17, -2])
    }

    @Test func utf16IsRead() async throws {
        let bytes = Self.text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        try await with([.bytes(200, body: bytes)]) { client, export in
            var ids: [Int] = []
            for try await row in client.rows(of: export, as: Payment.self) { ids.append(row.paymentId) }
            #expect(ids == [17, -2])
        }
    }

    @Test func noRowFollowsAnError() async throws {
        // The connection is lost within the last row, which would be a valid one.
        let text = Self.header + "\n" + String(repeating: ",,1,2,,1,SENT,\n", count: 400) + ",,2,2,,1,SENT,"
        let bytes = Array(text.utf8)
        let lost = StubReply.broken(200, headers: [], announced: bytes.count + 5, body: bytes)
        try await with([lost, .bytes(200, body: bytes)]) { client, export in
            var rows = client.rows(of: export, as: Payment.self).makeAsyncIterator()
            _ = try await failure(of: BlobDownloadError.self) {
                while let row = try await rows.next() { #expect(row.paymentId == 1) }
            }
            let after = try await rows.next()
            #expect(after == nil)
        }
    }

    @Test func headerWithoutRowsHasNoRows() async throws {
        #expect(try await rows(Self.header).isEmpty)
        #expect(try await rows(Self.header + "\n\n").isEmpty)
    }

    @Test func unsuitableHeaderIsRefusedBeforeTheFirstRow() async throws {
        #expect(try await error("").reason == .noHeader)
        let missing = try await error(Self.header.replacing("total,", with: "") + "\n1\n")
        #expect(missing.reason == .missingColumns(["total"]))
        #expect(missing.row == 0)
        #expect(try await error(Self.header + ",TOTAL\n").reason == .repeatedColumns(["total"]))
    }

    @Test(
        arguments: [
            (",,1,2.5,,1,SENT", ExportRowError.Reason.wrongFieldCount(expected: 8, found: 7)),
            (",,x,2.5,,1,SENT,", .invalidValue(column: "paymentId", type: "Int")),
            (",,1,2.5 EUR,,1,SENT,", .invalidValue(column: "total", type: "Decimal")),
            (",,0x1F,2.5,,1,SENT,", .invalidValue(column: "paymentId", type: "Int")),
            (",,1,0x1F,,1,SENT,", .invalidValue(column: "total", type: "Decimal")),
            (",,1,,,1,SENT,", .missingValue(column: "total", type: "Decimal")),
            (",, ,2,,1,SENT,", .missingValue(column: "paymentId", type: "Int")),
            (",,1,2,, ,SENT,", .missingValue(column: "isFinal", type: "Bool")),
            (",,1,2.5,yesterday,1,SENT,", .invalidValue(column: "payoutStatusUpdateTS", type: "Date")),
            (",,1,2.5,,maybe,SENT,", .invalidValue(column: "isFinal", type: "Bool")),
            (",,1,2.5,,1,LOST,", .invalidValue(column: "status", type: "Status")),
            (",\"1,2.5,,1,LOST,", .unterminatedQuote),
        ]
    )
    func invalidRowIsNamed(row: String, reason: ExportRowError.Reason) async throws {
        var read = 0
        let error = try await failure(of: ExportRowError.self) {
            try await with(Self.header + "\n,,1,2,,1,SENT,\n" + row + "\n") { client, export in
                for try await _ in client.rows(of: export, as: Payment.self) { read += 1 }
            }
        }
        #expect(error.reason == reason)
        #expect(error.row == 2)
        #expect(read == 1)
    }
}
