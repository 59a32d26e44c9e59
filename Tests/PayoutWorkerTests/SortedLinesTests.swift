import ExportCore
import Testing

@testable import payout_worker

@Suite("Lines sorted by time")
struct SortedLinesTests {
    /// Times that are in no order, each of them twice.
    private static let times = (0..<3_000).map { Int64($0 * 7_919 % 1_500) }

    private func filled(last: Int? = nil, memory: Int) throws -> SortedLines {
        var lines = SortedLines(last: last, memory: memory)
        for (number, time) in Self.times.enumerated() {
            try lines.add("\(time) \(number) é", at: Instant(milliseconds: time))
        }
        return lines
    }

    private func printed(_ lines: SortedLines) throws -> [String] {
        var printed: [String] = []
        try lines.forEach { printed.append($0) }
        return printed
    }

    private static let expected = times.enumerated().sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        .map { "\($0.1) \($0.0) é" }

    @Test(arguments: [1, 1_000, 1 << 20])
    func linesAreSortedWithinTheLimitOfMemory(memory: Int) throws {
        #expect(try printed(filled(memory: memory)) == Self.expected)
    }

    @Test func fewLinesNeedNoFile() throws {
        var lines = SortedLines(memory: 100, folder: "/nonexistent")
        for time in [3, 1, 2] { try lines.add("\(time)", at: Instant(milliseconds: Int64(time))) }
        #expect(try printed(lines) == ["1", "2", "3"])
    }

    @Test(arguments: [1, 1 << 20], [1, 10, 1_000, 5_000])
    func onlyTheLastLinesAreKept(memory: Int, last: Int) throws {
        #expect(try printed(filled(last: last, memory: memory)) == Array(Self.expected.suffix(last)))
    }

    @Test func missingFolderIsReported() throws {
        var lines = SortedLines(memory: 10, folder: "/nonexistent")
        let failure = #expect(throws: CommandFailure.self) {
            try lines.add("longer than the limit", at: Instant(milliseconds: 0))
        }
        #expect(failure?.description.contains("TMPDIR") == true)
    }
}
