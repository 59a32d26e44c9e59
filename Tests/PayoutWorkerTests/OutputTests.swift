import Testing

@testable import payout_worker

@Suite struct OutputTests {
    @Test func aTableAlignsItsColumns() {
        var table = TextTable(["NAME", "COUNT"], rightAligned: [1])
        table.add(["a", "1"])
        table.add(["longer", "12345678"])
        #expect(table.rendered == "NAME       COUNT\na              1\nlonger  12345678")
    }

    @Test func whatComesFromElsewhereDoesNotSteerTheTerminal() {
        #expect(TextTable.printable("a\u{1B}[2Jb\nc") == "a\u{FFFD}[2Jb\u{FFFD}c")
    }

    @Test func aSignatureIsNotShown() {
        #expect(Readable.location("https://h.example/c/f.csv?sv=1&sig=secret") == "https://h.example/c/f.csv")
        #expect(Readable.location("file:///a/b.csv") == "file:///a/b.csv")
    }

    @Test(arguments: [
        (Duration.milliseconds(850), "850 ms"), (.milliseconds(4_250), "4.2 s"), (.seconds(185), "3 min 5 s"),
        (.seconds(7_800), "2 h 10 min"), (.seconds(273_600), "3 d 4 h"), (.seconds(-1), "0 ms"),
    ])
    func durations(duration: Duration, expected: String) {
        #expect(Readable.duration(duration) == expected)
    }

    @Test func sizes() {
        #expect(Readable.size(512) == "512 B")
        #expect(Readable.size(48_211) == "47.1 KiB")
        #expect(Readable.size(3 << 20) == "3.0 MiB")
    }

    @Test func shellText() {
        #expect(ShellText.quoted("http://127.0.0.1:80") == "http://127.0.0.1:80")
        #expect(ShellText.quoted("it's $HOME") == #"'it'\''s $HOME'"#)
        #expect(ShellText.quoted("") == "''")
    }
}
