import Foundation
import Testing

@testable import PayoutAPI

/// The parts of a file's URL, and how it prints.
@Suite struct SASURLTests {
    let text =
        "https://acct.blob.core.windows.net/exports/93c2.csv?sv=2020-10-02&se=2026-11-23T10%3A00%3A00Z&sr=b&sp=r&sig=Zm9v%2B%3D"

    @Test func expiryNameAndHostAreRead() {
        let url = SASURL(self.text)
        #expect(url.expiresAt == Date(timeIntervalSince1970: 1_795_428_000))
        #expect(url.fileName == "93c2.csv")
        #expect(url.host == "acct.blob.core.windows.net")
        #expect(url.unredacted == self.text)
    }

    @Test func urlPrintsWithoutItsQuery() {
        let url = SASURL(self.text)
        let expected = "https://acct.blob.core.windows.net/exports/93c2.csv?sig=REDACTED"
        #expect(url.description == expected)
        #expect("\(url)" == expected)
        #expect(String(reflecting: url) == expected)
        #expect(String(describing: Optional(url)).contains("Zm9v") == false)
        var dumped = ""
        dump(url, to: &dumped)
        dump([Export(kind: .payments, requestID: "x", status: .completed, blobLocation: url)], to: &dumped)
        #expect(!dumped.contains("Zm9v"))
        #expect(SASURL("https://u:p@h.example/f").description == "https://h.example/f")
    }

    @Test(arguments: [
        ("https://h/a/b%20c.csv?x", "b c.csv"), ("https://h/a/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd"),
        ("https://h/a/%00%0Ax", "__x"), ("https://h/", "export"), ("https://h", "export"), ("https://h/..", "export"),
        ("https://h/a/", "a"), ("", "export"), ("https://h/\u{e4}.csv", "\u{e4}.csv"),
    ])
    func fileNameIsSafe(url: String, name: String) {
        #expect(SASURL(url).fileName == name)
    }

    @Test func longFileNameIsTruncated() {
        #expect(SASURL("https://h/" + String(repeating: "é", count: 500)).fileName.utf8.count <= 200)
    }

    @Test(arguments: ["https://h/f", "https://h/f?se=", "https://h/f?se=tomorrow", "https://h/f?use=2020-01-01"])
    func invalidExpiryIsIgnored(url: String) {
        #expect(SASURL(url).expiresAt == nil)
    }

    @Test func expiryOfADayIsRead() {
        #expect(SASURL("https://h/f?se=2020-01-01#x").expiresAt == Date(timeIntervalSince1970: 1_577_836_800))
    }
}
