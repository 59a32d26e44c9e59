import Testing

@testable import payout_worker

@Suite struct OutputTests {
    @Test func tableAlignsItsColumns() {
        var table = TextTable(["NAME", "COUNT"], rightAligned: [1])
        table.add(["a", "1"])
        table.add(["longer", "12345678"])
        #expect(table.rendered == "NAME       COUNT\na              1\nlonger  12345678")
    }

    @Test func untrustedTextDoesNotControlTheTerminal() {
        #expect(TextTable.printable("a\u{1B}[2Jb\nc") == "a\u{FFFD}[2Jb\u{FFFD}c")
        #expect(TextTable.printable("a\u{202E}b\u{200B}c\u{2028}d") == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d")
        #expect(TextTable.printable("a\n\tb\r\u{9B}c", keepsLines: true) == "a\n\tb\u{FFFD}\u{FFFD}c")
    }

    @Test func signatureOfAURLIsNotShown() {
        #expect(Formatting.location("https://h.example/c/f.csv?sv=1&sig=secret") == "https://h.example/c/f.csv")
        #expect(Formatting.location("file:///a/b.csv") == "file:///a/b.csv")
    }

    @Test func sizesAreFormattedWithUnits() {
        #expect(Formatting.size(512) == "512 B")
        #expect(Formatting.size(48_211) == "47.1 KiB")
        #expect(Formatting.size(3 << 20) == "3.0 MiB")
    }

    @Test func shellTextIsQuoted() {
        #expect(ShellText.quoted("http://127.0.0.1:80") == "http://127.0.0.1:80")
        #expect(ShellText.quoted("it's $HOME") == #"'it'\''s $HOME'"#)
        #expect(ShellText.quoted("") == "''")
        #expect(ShellText.argument("a") == "a")
        #expect(ShellText.argument("-a") == "-- -a")
    }

    @Test func tableFitsTheWidth() {
        var table = TextTable(["JOB", "N", "TEXT", "REQUEST"], rightAligned: [1])
        table.add([
            "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55", "12345678", String(repeating: "x", count: 60), "93c2b3cf-c6d8-4e7e",
        ])
        table.add(["short", "1", "y", "z"])
        for width in [200, 120, 80, 66, 40] {
            let lines = table.rendered(fitting: width).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= width }, "\(width)")
            #expect(lines.count == 3)
            #expect(table.rendered(fitting: width).contains("12345678"))
        }
        #expect(table.rendered(fitting: 80).contains("3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55"))
        #expect(table.rendered(fitting: 80).contains("…"))
        #expect(!table.rendered.contains("…"))
    }

    @Test func optionalColumnsAreLeftOutFirst() {
        var table = TextTable(["JOB", "REQUEST", "STATE"], optional: [1])
        table.add(["a-job-with-a-long-id", "93c2b3cf-c6d8-4e7e", "waiting"])
        #expect(table.rendered(fitting: 60).contains("93c2b3cf-c6d8-4e7e"))
        #expect(table.rendered(fitting: 40) == "JOB                   STATE\na-job-with-a-long-id  waiting")
    }

    @Test func nameOfAFileIsKeptWhereItsLocationIsShortened() {
        var table = TextTable(["JOB", "FILE"])
        table.add(["a", "file:///var/lib/exports/default/payments/2026/11/30/a/93c2b3cf.csv"])
        #expect(table.rendered(fitting: 24) == "JOB  FILE\na    …/30/a/93c2b3cf.csv")
    }

    @Test func firstRowsOfAStreamDecideItsWidths() {
        var table = StreamedTable(["JOB", "N", "TEXT"], rightAligned: [1], fitting: 20)
        #expect(table.flush().isEmpty)
        #expect(table.add(["job-1", "10", "a"]).isEmpty)
        #expect(table.flush() == ["JOB     N  TEXT", "job-1  10  a"])
        #expect(table.add(["job-22", "2", "longer than the rest"]) == ["job-…   2  longer t…"])
        #expect(table.flush().isEmpty)
        var whole = StreamedTable(["JOB", "TEXT"], fitting: nil)
        let printed = (0..<300).flatMap { whole.add(["\($0)", "\($0 == 299 ? "longer" : "a")"]) } + whole.flush()
        #expect(printed.count == 301)
        #expect(printed.last == "299  longer")
    }
}
