import Testing
import TestSupport

@testable import FileStores

/// The keys that templates and values yield.
@Suite("File keys")
struct FileKeyTests {
    private func key(_ template: String, _ value: String) throws -> [String] {
        try FileKeyTemplate(template).key(
            FileKeyValues(
                account: value,
                kind: "payments",
                jobID: "j",
                requestID: value,
                fileName: value,
                format: .csv,
                date: 1_795_305_600_000
            )
        ).parts
    }

    @Test func defaultTextIsTheStandardTemplate() throws {
        #expect(try FileKeyTemplate(FileKeyTemplate.defaultText) == .standard)
        #expect(FileKey.sample.description == FileKey.samplePath)
    }

    @Test func sameJobIDWithAnotherExportHasAnotherFile() throws {
        func path(_ requestID: String, _ fileName: String = "export.csv", _ format: MediaType = .csv) -> String {
            FileKeyTemplate.standard.key(
                FileKeyValues(
                    account: "a",
                    kind: "payments",
                    jobID: "j",
                    requestID: requestID,
                    fileName: fileName,
                    format: format,
                    date: 1_795_305_600_000
                )
            ).description
        }
        #expect(path("r-1") == "a/payments/2026/11/22/j/r-1.csv")
        #expect(path("r-1") != path("r-2"))
        #expect(path("r-1") == path("r-1"))
        #expect(path("r-1", "export.ZIP").hasSuffix("/r-1.zip"))
        #expect(path("r-1", "export.php", .tsv).hasSuffix("/r-1.tsv"))
        #expect(path("../r").hasSuffix("/%2E.%2Fr.csv"))
    }

    @Test(arguments: [
        ("", "_"), (".", "%2E"), ("..", "%2E."), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"), ("a\u{0}b\n", "a%00b%0A"), (".hidden", "%2Ehidden"), ("100%", "100%25"), ("~x", "%7Ex"),
        ("a b", "a%20b"), ("ü", "%C3%BC"), ("plain-name_1.csv", "plain-name_1.csv"), ("a:b=c,d@e", "a:b=c,d@e"),
    ])
    func valuesAreEscaped(value: String, part: String) throws {
        #expect(try key("{account}/{jobId}", value) == [part, "j"])
    }

    @Test(arguments: ["{account}/{jobId}.json", "{batch}/{jobId}", "{metadata.folder}/{jobId}", "_batch/{jobId}"])
    func noKeyIsBelowTheFolderOfManifests(template: String) throws {
        for name in ["_batch", "_BATCH"] {
            let key = try selected(template) { values in
                values.account = name
                values.batch = name
                values.metadata = ["folder": name]
                values.jobID = "fy26.json"
            }
            #expect(key.lowercased().hasPrefix("%5fbatch/fy26.json"))
            #expect(FileKey(parts: [FileKey.manifestFolder, "fy26.json"])?.description != key)
        }
        #expect(try key("{account}/{jobId}", "%5Fbatch") == ["%255Fbatch", "j"])
        #expect(try key("{kind}/{account}/{jobId}", "_batch") == ["payments", "_batch", "j"])
    }

    @Test func partOfSeveralPlaceholdersIsEscaped() throws {
        #expect(try key("{account}{account}/{jobId}", ".") == ["%2E.", "j"])
        #expect(try key("day={yyyy}-{MM}-{dd}/{jobId}.{kind}", "") == ["day=2026-11-22", "j.payments"])
    }

    @Test func longPartsAreTruncatedAndStayDistinct() throws {
        let long = String(repeating: "x", count: 300)
        let first = try key("{jobId}/{fileName}", long + "1.csv")[1]
        let second = try key("{jobId}/{fileName}", long + "2.csv")[1]
        #expect(first != second)
        for part in [first, second] {
            #expect(part.utf8.count == FileKey.maximumPartLength)
            #expect(part.hasSuffix(".csv") && part.contains("~"))
        }
        #expect(
            try key("{jobId}/{fileName}", String(repeating: "ü", count: 300))[1].utf8.count == FileKey.maximumPartLength
        )
    }

    @Test func differentValuesHaveDifferentKeys() throws {
        var generator = SeededGenerator(seed: 1)
        let characters: [Character] = ["a", ".", "/", "%", "_", "~", "2", "E", "\u{0}", "ü"]
        var seen: [String: String] = [:]
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...5, using: &generator)
            let value = String((0..<count).map { _ in characters.randomElement(using: &generator) ?? "a" })
            let part = FileKey.bounded(FileKey.escaped(value))
            if value != "_" && value != "" { #expect(seen[part, default: value] == value) }
            seen[part] = value
            #expect(part.utf8.allSatisfy { FileKey.isHarmless($0) || $0 == UInt8(ascii: "%") })
            #expect(!part.isEmpty && !part.hasPrefix("."))
        }
    }

    @Test(arguments: [
        "", "{jobId}/", "/{jobId}", "a//{jobId}", "../{jobId}", "./{jobId}", ".x/{jobId}", "{account}",
        "{jobId}/{nothing}",
        "{jobId", "jobId}", "{jobId}/{metadata.}", "{jobId}/{metadata}", "{jobId}/{metadata.{x}", "{jobId}/{period}",
        "{jobId}/{metadata." + String(repeating: "x", count: 129) + "}", "{jobId}/a b", "{jobId}/ü", "{}/{jobId}",
        String(repeating: "a/", count: 16) + "{jobId}",
    ])
    func invalidTemplateIsRefused(text: String) {
        let error = #expect(throws: FileStoreError.self) { try FileKeyTemplate(text) }
        #expect(error?.kind == .invalidTemplate)
    }

    private func selected(_ template: String, _ change: (inout FileKeyValues) -> Void) throws -> String {
        var values = FileKeyValues(
            account: "a",
            kind: "payments",
            jobID: "j",
            requestID: "r",
            fileName: "f",
            format: .csv,
            date: 0
        )
        change(&values)
        return try FileKeyTemplate(template).key(values).description
    }

    @Test func everyPlaceholderOfTheTableIsAccepted() throws {
        for (name, value) in FileKeyPlaceholder.table {
            _ = try FileKeyTemplate("{jobId}/{\(name)}")
            #expect(!value.isEmpty)
        }
    }

    @Test func periodBatchAndMetadataArePartsOfTheKey() throws {
        let template = "{batch}/{metadata.cost center}/{period.from}_{period.to}/{jobId}.{extension}"
        let key = try selected(template) {
            $0.batch = "fy26"
            $0.metadata = ["cost center": "../47/11", "other": "x"]
            $0.period = .init(from: "2026-10-01", to: "2026-11-01T00:00:00+01:00")
        }
        #expect(key == "fy26/%2E.%2F47%2F11/2026-10-01_2026-11-01T00:00:00%2B01:00/j.csv")
        #expect(try selected(template) { $0.metadata = ["cost center": ""] } == "_/_/___/j.csv")
    }

    @Test func keysWithLongValuesFitTheNameOfAnObject() throws {
        let template = (0..<15).map { "{metadata.k\($0)}" }.joined(separator: "/") + "/{jobId}"
        let key = { (last: String) in
            try self.selected(template) { values in
                for number in 0..<15 { values.metadata["k\(number)"] = String(repeating: "x", count: 2_000) + last }
            }
        }
        let (first, second) = (try key("1"), try key("2"))
        #expect(first.utf8.count <= FileKeyTemplate.maximumKeyLength)
        #expect(zip(first.split(separator: "/"), second.split(separator: "/")).dropLast().allSatisfy { $0 != $1 })
    }

    @Test(arguments: [
        (0, "1970-01-01"), (-1, "1969-12-31"), (951_782_400_000, "2000-02-29"), (951_868_800_000, "2000-03-01"),
        (1_795_391_999_999, "2026-11-22"), (4_107_542_400_000, "2100-03-01"), (Int64.max, "9999-12-31"),
        (Int64.min, "0000-01-01"),
    ])
    func timestampYieldsItsUTCDay(milliseconds: Int64, day: String) throws {
        let key = try FileKeyTemplate("{yyyy}-{MM}-{dd}/{jobId}").key(
            FileKeyValues(
                account: "a",
                kind: "payments",
                jobID: "j",
                requestID: "r",
                fileName: "f",
                format: .csv,
                date: milliseconds
            )
        )
        #expect(key.parts == [day, "j"])
    }
}

@Suite("Choosing a store")
struct FileStoreFactoryTests {
    @Test func emptyLocationHasNoStore() throws {
        #expect(try FileStoreFactory.make(location: "") == nil)
    }

    @Test(arguments: [
        ("file:///var/lib/exports", "/var/lib/exports"), ("file:///var/lib/exports/", "/var/lib/exports"),
        ("FILE://localhost/a//b/./c", "/a/b/c"), ("file:///a%20b/%C3%BC", "/a b/ü"),
    ])
    func fileURLYieldsALocalStore(location: String, root: String) throws {
        let store = try #require(try FileStoreFactory.make(location: location) as? LocalFileStore)
        #expect(store.root == root)
    }

    @Test(arguments: [
        "file:", "file://", "file:///", "file://host/a", "file:relative", "file:///a/../b", "file:///a?b",
        "file:///a#b",
        "file:///a%zz", "file:///a%2", "file:///a%00", "file:///%ff", "/var/lib/exports", "nothing", "file:///a%+1",
    ])
    func invalidLocationIsRefused(location: String) {
        let error = #expect(throws: FileStoreError.self) { try FileStoreFactory.make(location: location) }
        #expect(error?.kind == .invalidLocation)
    }

    @Test(arguments: ["https://x/?sig=SECRET", "gs://bucket"])
    func unsupportedSchemeIsRefusedWithoutTheLocation(location: String) {
        let error = #expect(throws: FileStoreError.self) { try FileStoreFactory.make(location: location) }
        #expect(error?.kind == .unsupportedLocation)
        #expect(error?.description.contains("SECRET") == false)
    }
}
