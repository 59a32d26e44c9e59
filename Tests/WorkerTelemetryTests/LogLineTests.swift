import Foundation
import Logging
import Primitives
import Testing

@testable import WorkerTelemetry

@Suite("Log lines")
struct LogLineTests {
    private static let time = Timestamp(seconds: 1_795_305_600, nanoseconds: 7_000_000)
    private static let timeText = "2026-11-22T00:00:00.007Z"

    private static func json(_ message: String = "m", _ fields: [(key: String, value: String)] = []) -> String {
        let line = LogLine.json(time: time, level: "info", logger: "payout-worker", message: message, fields: fields)
        return String(decoding: line.bytes, as: UTF8.self)
    }

    private static func text(_ fields: [(key: String, value: String)]) -> String {
        let line = LogLine.text(time: time, level: "info", part: "kafka", message: "m", fields: fields)
        return String(decoding: line.bytes, as: UTF8.self)
    }

    /// Controls of C0 and C1, marks that reorder text, separators of lines, characters without a width.
    static let hostile = [
        "\u{0}", "\u{7}", "\u{8}", "\t", "\n", "\r", "\u{1B}[2J", "\u{7F}", "\u{85}", "\u{9B}31m", "\u{AD}", "\u{61C}",
        "\u{200B}",
        "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{E0041}",
        "\r\n",
    ]

    @Test(arguments: hostile)
    func hiddenCharactersAreEscapedInTextAndInJSON(_ hidden: String) throws {
        for line in [Self.text([("account", "a\(hidden)b")]), Self.json("m", [("account", "a\(hidden)b")])] {
            #expect(line.hasSuffix("\n"))
            let body = line.dropLast()
            let marks = hidden.unicodeScalars.filter { !(0x20..<0x7F).contains($0.value) }
            #expect(!body.unicodeScalars.contains { marks.contains($0) }, "\(body)")
            #expect(body.contains("a\\"))
        }
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(Self.json("m", [("k", "a\(hidden)b")]).utf8)) as? [String: String]
        )
        #expect(object["k"] == "a\(hidden)b")
        // Keys and messages are escaped as values are.
        #expect(!Self.text([("k\(hidden)", "v")]).dropLast().contains(hidden))
        #expect(!Self.json("m\(hidden)").dropLast().contains(hidden))
    }

    @Test func readableTextIsUnchanged() throws {
        let fields: [(key: String, value: String)] = [
            ("a", "Zürich 東京 🙂"), ("b", #"C:\x "quoted" = 1"#), ("c", "plain"),
        ]
        #expect(
            Self.text(fields) == Self.timeText + #" INFO     [kafka] m a="Zürich 東京 🙂" b="C:\x \"quoted\" = 1" c=plain"#
                + "\n"
        )
        let line = Self.json("m", fields)
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(
            object == [
                "time": Self.timeText, "level": "info", "logger": "payout-worker", "message": "m", "a": "Zürich 東京 🙂",
                "b": #"C:\x "quoted" = 1"#, "c": "plain",
            ]
        )
        #expect(line.hasPrefix(#"{"time":"\#(Self.timeText)","level":"info","#))
    }

    @Test func fieldCannotReplaceTheTimeOrTheMessage() throws {
        let line = Self.json("m", [("level", "x"), ("message", "y"), ("time", "z"), ("logger", "w")])
        #expect(line == #"{"time":"\#(Self.timeText)","level":"info","logger":"payout-worker","message":"m"}"# + "\n")
    }

    @Test(arguments: ["a", "ü", "東", "🙂"])
    func longTextIsTruncatedBetweenCharacters(_ character: String) throws {
        let line = Self.json("m", [("k", "x" + String(repeating: character, count: 100_000))])
        #expect(line.utf8.count < LogLine.longestText + 200)
        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        let value = try #require(object["k"])
        #expect(value.hasSuffix(character + "…"))
    }

    @Test func randomTextsAreEncodedAsValidJSONWithEqualValues() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let scalars = (0..<20).compactMap { _ -> Unicode.Scalar? in
                let limit: UInt32 = [0x80, 0x800, 0x1_0000, 0x11_0000].randomElement(using: &random) ?? 0x80
                return Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random))
            }
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            let line = Self.json("m", [("k", text)])
            #expect(line.utf8.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            #expect(object["k"].map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
        }
    }
}

@Suite("The writer of standard error")
struct LogWriterTests {
    private static func lines(_ bytes: Data) -> [Substring] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    @Test func linesArriveWholeAndInOrder() throws {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, label: "payout-worker")
        for number in 0..<1_000 { writer.write("line \(number)\n".utf8) }
        writer.flush(within: 300)
        try pipe.fileHandleForWriting.close()
        let read = Self.lines(try #require(try pipe.fileHandleForReading.readToEnd()))
        #expect(read.map(String.init) == (0..<1_000).map { "line \($0)" })
        #expect(writer.droppedLines == 0)
    }

    @Test(arguments: [LogWriter.Format.text, .json])
    func blockedReaderDoesNotBlockWritersAndGetsTheNumberOfDroppedLines(format: LogWriter.Format) throws {
        let pipe = Pipe()
        let writer = LogWriter(
            descriptor: pipe.fileHandleForWriting.fileDescriptor,
            label: "payout-worker",
            capacity: 64 * 1_024
        )
        let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
        // A pipe holds 64 KiB, and so does the buffer: of 1,000 lines of 1,000 bytes most are dropped, and no call waits.
        for _ in 0..<1_000 { writer.write(line, format: format) }
        let dropped = writer.droppedLines
        #expect((800..<1_000).contains(dropped))
        // The time limit ends the wait, not the reader.
        writer.flush(within: 0.05)
        let reading = Pipe()
        Thread {
            let data = (try? pipe.fileHandleForReading.readToEnd()) ?? nil
            try? reading.fileHandleForWriting.write(contentsOf: data ?? Data())
            try? reading.fileHandleForWriting.close()
        }.start()
        writer.flush(within: 300)
        try pipe.fileHandleForWriting.close()
        let read = Self.lines(try #require(try reading.fileHandleForReading.readToEnd()))
        let reports = read.filter { $0.contains("Log lines dropped") }
        let counts = reports.compactMap { $0.firstMatch(of: /count(?:=|":")([0-9]+)/).flatMap { Int($0.1) } }
        #expect(counts.count == reports.count && counts.reduce(0, +) == dropped, "\(reports)")
        #expect(read.count == 1_000 - dropped + reports.count)
        #expect(writer.droppedLines == dropped)
    }

    @Test func loggersLineIsWrittenByTheWriter() throws {
        let pipe = Pipe()
        let writer = LogWriter(descriptor: pipe.fileHandleForWriting.fileDescriptor, label: "payout-worker")
        var logger = Logger(label: "payout-worker") { label in
            LineLogHandler(label: label, isJSON: true, levels: LogLevels(), writer: writer)
        }
        logger[metadataKey: "worker"] = "w"
        logger.info("Job finished", metadata: ["job.id": "a", "attempts": "\(3)", "worker": "own"])
        writer.flush(within: 300)
        try pipe.fileHandleForWriting.close()
        let read = try #require(try pipe.fileHandleForReading.readToEnd())
        var object = try #require(JSONSerialization.jsonObject(with: read) as? [String: String])
        #expect(object.removeValue(forKey: "time")?.hasSuffix("Z") == true)
        #expect(
            object == [
                "level": "info", "logger": "payout-worker", "message": "Job finished", "job.id": "a", "attempts": "3",
                "worker": "own",
            ]
        )
    }
}
