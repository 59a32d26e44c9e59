import HTTPAccess
import NIOCore

@testable import FileStores
@testable import PayoutAPI

extension FuzzTarget {
    /// A file's text, whole and in pieces: its facts and its rows.
    static let delimitedText = FuzzTarget(
        name: "delimited-text",
        dictionary: [
            "\u{FEFF}", "\"", "\"\"", "\",\"", "\r\n", "\r", "\n", ",", "\t", "\u{0}", "\u{1F}", "é", "\u{1F469}",
            "earningId,participantId", "00000000000000000000000000000000000000000000000000000000000000000000",
        ]
    ) { bytes in
        let whole = Reading(bytes, piece: bytes.count)
        for piece in [1, 7, 64] {
            let other = Reading(bytes, piece: piece)
            if other != whole { return "the result depends on the pieces of \(piece) bytes: \(whole), \(other)" }
        }
        guard let facts = whole.facts else { return nil }
        if let rows = facts.rows, rows < 0 || rows > Int64(bytes.count) { return "\(rows) rows" }
        if (facts.columns?.count ?? 0) > DelimitedContent.maximumColumns { return "too many columns" }
        // Of bytes that are no text in a known encoding, only the facts are kept.
        guard !whole.hasProblem, facts.encoding != nil, let rows = facts.rows else { return nil }
        if rows != Int64(max(whole.records.count - 1, 0)) { return "\(rows) rows, \(whole.records.count) records" }
        if let columns = facts.columns, columns != whole.records.first { return "the header is not the first record" }
        return nil
    }

    private struct Reading: Equatable {
        var facts: DelimitedContent?
        var records: [[String]] = []
        var hasProblem = false

        init(_ bytes: [UInt8], piece: Int) {
            var scan = ContentScan()
            var reader = RowReader()
            var offset = 0
            while offset < bytes.count {
                let end = min(bytes.count, offset + max(piece, 1))
                bytes[offset..<end].withUnsafeBytes { scan.add($0) }
                records += reader.read(ByteBuffer(bytes: bytes[offset..<end]))
                offset = end
            }
            records += reader.finish()
            hasProblem = reader.problem != nil
            // Which records precede a problem depends on the pieces.
            if hasProblem { records = [] }
            facts = scan.finished()
        }
    }

    /// The body of an answer of a file store.
    static let storeAnswers = FuzzTarget(
        name: "store-answers",
        dictionary: [
            "<Error>", "</Error>", "<Code>", "</Code>", "<RequestId>", "</RequestId>", "<Region>", "</Region>",
            "<Upload>", "</Upload>", "<Key>", "</Key>", "<UploadId>", "</UploadId>", "<Initiated>", "</Initiated>",
            "<IsTruncated>true</IsTruncated>", "<NextKeyMarker>", "</NextKeyMarker>", "<NextUploadIdMarker>",
            "</NextUploadIdMarker>", "&lt;", "&amp;", "&#39;", "SlowDown", "NoSuchBucket", "2026-01-01T00:00:00Z",
            "\u{301}", "\u{FEFF}",
        ]
    ) { bytes in
        for status in [200, 301, 403, 404, 503] {
            let answer = HTTPAnswer(status: status, body: ByteBuffer(bytes: bytes))
            let faults = [
                S3Fault(answer, mayFailLate: true)?.callFault("put", "s3://b/k"),
                AzureFault(answer)?.callFault("put", "azblob://a/c/k"),
            ]
            for case let fault? in faults {
                let text = "\(fault)"
                if text.count > 1_024 { return "an error of \(text.count) characters" }
                if let problem = controlCharacter(in: text) { return problem }
            }
        }
        let list = S3UploadList(HTTPAnswer(status: 200, body: ByteBuffer(bytes: bytes)).text)
        if list.uploads.count > bytes.count { return "more uploads than bytes" }
        let text = String(decoding: bytes, as: UTF8.self)
        return xmlText("a", in: "<a>\(xmlEscaped(text))</a>") == text ? nil : "a text does not read back"
    }

    /// A ZIP archive.
    static let archives = FuzzTarget(
        name: "archives",
        dictionary: [
            "PK\u{01}\u{02}", "PK\u{03}\u{04}", "PK\u{05}\u{06}", "PK\u{06}\u{06}", "PK\u{06}\u{07}", "../",
            "\u{0}\u{0}\u{0}\u{0}",
        ]
    ) { bytes in
        let directory = ZipDirectory(size: Int64(bytes.count)) { offset, count in
            Array(bytes[min(max(Int(offset), 0), bytes.count)...].prefix(count))
        }
        guard let entries = directory.entries() else { return nil }
        if entries.count > ZipDirectory.maximumEntries { return "\(entries.count) members" }
        for entry in entries {
            if entry.sizeBytes < 0 { return "a size of \(entry.sizeBytes)" }
            if entry.name.isEmpty || entry.name.utf8.count > MemberName.maximumBytes { return "no name" }
            if entry.name.split(separator: "/").contains("..") { return "a name that leads out: \(entry.name)" }
            if let problem = controlCharacter(in: entry.name) { return problem }
        }
        return nil
    }
}
