import Testing

@testable import payout_worker

@Suite struct OutputTests {
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
}
