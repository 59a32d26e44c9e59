import ChildProcesses
import Crypto
import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing
import TestSupport

@Suite struct BlobTests {
    @Test func fileHasTheConfiguredSizeAndIsTheSameAtEveryDownload() async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-300000'")
            let first = try await client.send(.GET, url)
            #expect(first.status == 200)
            #expect(first.body.count == 300_000)
            #expect(first.headers.first(name: "Content-Length") == "300000")
            #expect(first.headers.first(name: "ETag")?.hasPrefix("\"") == true)
            let md5 = Data(Insecure.MD5.hash(data: Data(first.body))).base64EncodedString()
            #expect(first.headers.first(name: "Content-MD5") == md5)
            let second = try await client.send(.GET, url)
            #expect(second.body == first.body)
            #expect(second.headers.first(name: "ETag") == first.headers.first(name: "ETag"))
            try await eventually { sandbox.stats.completedDownloads == 2 }
            #expect(sandbox.stats.blobBytes == 600_000)
            #expect(sandbox.exports.first?.downloads == 2)
            #expect(sandbox.exports.first?.completedDownloads == 2)
        }
    }

    @Test(arguments: [SandboxClient.payments, SandboxClient.history], ["csv", "tsv"])
    func everyRowHasTheColumnsOfTheHeader(path: String, format: String) async throws {
        try await withSandbox { _, client async throws in
            let filter = "programName eq 'sandbox-size-150000'"
            let text = try await client.send(.GET, client.fileURL(path, filter: filter, format: format)).text
            #expect(text.hasSuffix("\n"))
            let rows = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
            #expect(rows.count > 100)
            let columns = rows[0].split(separator: format == "tsv" ? "\t" : ",").count
            for row in rows {
                #expect(fieldCount(row, separator: format == "tsv" ? "\t" : ",") == columns)
                #expect(row.utf8.count <= 1280)
            }
            #expect(rows[0].contains(path == SandboxClient.payments ? "paymentDate" : "earningAmount"))
        }
    }

    @Test func rangesAreHonoured() async throws {
        try await withSandbox { _, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-200000'")
            let whole = try await client.send(.GET, url)
            let etag = try #require(whole.headers.first(name: "ETag"))
            let cases: [(String, Range<Int>)] = [
                ("bytes=0-99", 0..<100), ("bytes=65000-140000", 65_000..<140_001), ("bytes=199990-", 199_990..<200_000),
                ("bytes=-10", 199_990..<200_000), ("bytes=100-999999", 100..<200_000),
            ]
            for (range, expected) in cases {
                let part = try await client.send(.GET, url, headers: ["Range": range, "If-Range": etag])
                #expect(part.status == 206)
                #expect(part.body == Array(whole.body[expected]))
                let bounds = "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/200000"
                #expect(part.headers.first(name: "Content-Range") == bounds)
            }
            let changed = try await client.send(.GET, url, headers: ["Range": "bytes=5-", "If-Range": "\"other\""])
            #expect(changed.status == 200)
            #expect(changed.body.count == 200_000)
            let beyond = try await client.send(.GET, url, headers: ["Range": "bytes=200000-"])
            #expect(beyond.status == 416)
            #expect(beyond.headers.first(name: "Content-Range") == "bytes */200000")
            let several = try await client.send(.GET, url, headers: ["Range": "bytes=0-1,5-6"])
            #expect(several.status == 200)
        }
    }

    @Test func endOfALargeFileIsReadWithoutTheRest() async throws {
        try await withSandbox { _, client async throws in
            let size = 5 << 30
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-\(size)'")
            let head = try await client.send(.HEAD, url)
            #expect(head.headers.first(name: "Content-Length") == String(size))
            #expect(head.headers.first(name: "Content-MD5") == nil)
            let end = try await client.send(.GET, url, headers: ["Range": "bytes=-2000"])
            #expect(end.body.count == 2000)
            #expect(end.body.last == UInt8(ascii: "\n"))
        }
    }

    @Test func changedOrExpiredURLIsRefused() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.blobs.urlLifetime = .seconds(60)
        try await withSandbox(configuration) { _, client async throws in
            let created = try await client.create()
            let url = try await client.get(created.requestID).blobLocation
            for name in ["sv=", "se=", "sr=b", "sp=r", "sig="] { #expect(url.contains(name)) }
            #expect(try await client.send(.GET, url).status == 200)
            let tampered = [
                url.replacingOccurrences(of: "sp=r", with: "sp=rw"),
                url.replacingOccurrences(of: "se=2026", with: "se=2027"),
                String(url.prefix { $0 != "?" }),
                url.replacingOccurrences(of: ".csv", with: ".tsv"),
            ]
            for url in tampered {
                let answer = try await client.send(.GET, url)
                #expect(answer.status == 403)
                #expect(answer.text.contains("<Code>AuthenticationFailed</Code>"))
            }
            clock.advance(by: .seconds(61))
            let expired = try await client.send(.GET, url)
            #expect(expired.status == 403)
            #expect(expired.headers.first(name: "x-ms-error-code") == "AuthenticationFailed")
            let fresh = try await client.get(created.requestID).blobLocation
            #expect(try await client.send(.GET, fresh).status == 200)
        }
    }

    @Test func downloadWithATokenIsCountedAsALeak() async throws {
        try await withSandbox { sandbox, client async throws in
            let answer = try await client.send(.GET, client.fileURL(), headers: client.authorization)
            #expect(answer.status == 400)
            #expect(answer.text.contains("InvalidAuthenticationInfo"))
            #expect(sandbox.stats.authorizationLeaks == 1)
            #expect(sandbox.stats.downloads == 0)
        }
    }

    @Test func archiveContainsTheRowsOfThePlainFile() async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-100000'")
            let plain = try await client.send(.GET, url).body
            sandbox.updateBlobs { $0.form = .zip }
            let archive = try await client.send(.GET, url)
            #expect(archive.body.starts(with: [0x50, 0x4B, 3, 4]))
            let nameCount = Int(archive.body[26])
            #expect(Array(archive.body[(30 + nameCount)..<(30 + nameCount + plain.count)]) == plain)
            let unpacked = try unzipped(archive.body)
            #expect(unpacked == plain)
            let tail = try await client.send(.GET, url, headers: ["Range": "bytes=-30"])
            #expect(tail.body == Array(archive.body.suffix(30)))
        }
    }

    @Test func checksumsAreOmittedWhenDisabled() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.updateBlobs { $0.contentMD5Limit = 0 }
            let answer = try await client.send(.GET, client.fileURL())
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "Content-MD5") == nil)
        }
    }

    private func fieldCount(_ row: Substring, separator: Character) -> Int {
        var count = 1
        var isQuoted = false
        for character in row {
            if character == "\"" { isQuoted.toggle() }
            if character == separator, !isQuoted { count += 1 }
        }
        return count
    }

    /// Reads the archive with Python's zipfile, which checks sizes and the checksum.
    private func unzipped(_ archive: [UInt8]) throws -> [UInt8] {
        let script = """
            import io, sys, zipfile
            archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
            sys.stdout.buffer.write(archive.read(archive.namelist()[0]))
            """
        return Array(try FinishedProcess("/usr/bin/env", ["python3", "-c", script], input: Data(archive)).output)
    }
}
