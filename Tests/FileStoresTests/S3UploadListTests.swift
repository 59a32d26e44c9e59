import HTTPAccess
import Testing

@testable import FileStores

@Suite("Lists of unfinished uploads")
struct S3UploadListTests {
    private func upload(_ key: String) -> String {
        "<Upload><Key>\(key)</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00Z</Initiated></Upload>"
    }

    @Test func keysAreUnescapedOnce() {
        let list = S3UploadList(upload("p/a&amp;lt;&#39;&lt;b") + upload("p/&") + "<Upload><Key>no id</Key></Upload>")
        #expect(list.uploads.map(\.name) == ["p/a&lt;'<b", "p/&"])
        #expect(list.next == nil)
    }

    @Test func combiningMarkAfterATagBelongsToTheText() {
        // The mark and the tag's end are one character.
        #expect(S3UploadList(upload("\u{301}a\u{20DD}")).uploads.map(\.name) == ["\u{301}a\u{20DD}"])
        for text in ["\u{301}", "&\u{301}", "<\u{301}>\u{301}\"\u{301}"] {
            #expect(xmlText("a", in: "<a>\(xmlEscaped(text))</a>") == text)
        }
    }

    @Test func sweepEndsWhereTheListDoesNotAdvance() async throws {
        let page =
            "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
        let wire = ScriptedWire { _, _ in HTTPAnswer(200, page) }
        var configuration = S3Configuration()
        configuration.endpoint = "http://store"
        configuration.environment = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]
        let store = try S3FileStore("s3://bucket/prefix", configuration, wire.wire, TestClock().clock)
        #expect(try await store.sweep() == 0)
        #expect(wire.requests.count > 1)
    }
}
