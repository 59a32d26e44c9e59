import Testing

@testable import payout_worker

@Suite struct TableTests {
    @Test func tableAlignsItsColumns() {
        var table = TextTable(["NAME", "COUNT"], rightAligned: [1])
        table.add(["a", "1"])
        table.add(["longer", "12345678"])
        #expect(table.rendered == "NAME       COUNT\na              1\nlonger  12345678")
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

    private static let month = "transactionHistory-from-2026-01-01-to-2026-02-01-133bdafd9b15"
    private static let nextMonth = "transactionHistory-from-2026-02-01-to-2026-03-01-80ffc09c4572"
    private static let file =
        "file:///var/lib/exports/default/payments/2026/11/5b2c3f31-fcda-4d3f-b82f-09ac1964b510.csv"

    @Test func longIdsLeaveStatusAndTimeWholeAndStayDifferent() {
        var table = TextTable(["JOB", "STATUS", "FINISHED", "KIND", "FILE OR ERROR"], optional: [3])
        table.add([Self.month, "completed", "2026-11-30T13:33:38Z", "transactionHistory", Self.file])
        table.add([Self.nextMonth, "failed", "2026-11-30T13:33:39Z", "transactionHistory", "apiRejected: no field"])
        let lines = table.rendered(fitting: 80).split(separator: "\n")
        #expect(
            lines == [
                "JOB                                   STATUS     FINISHED              FILE OR …",
                "transactionHistory…2-01-133bdafd9b15  completed  2026-11-30T13:33:38Z  …b510.csv",
                "transactionHistory…3-01-80ffc09c4572  failed     2026-11-30T13:33:39Z  apiRejec…",
            ]
        )
    }

    @Test func idIsWholeUntilOtherColumnsAreNarrow() {
        let id = "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55"
        var table = TextTable(["JOB", "STATUS", "FINISHED", "FILE OR ERROR"])
        table.add([id, "cancelled", "2026-11-30T13:33:38Z", Self.file])
        #expect(table.rendered(fitting: 80).contains("\(id)  cancelled  2026-11-30T13:33:38Z  …"))
        let narrow = table.rendered(fitting: 72)
        #expect(narrow.contains("3f2c9a64-0c1e-…-0a4d8c1b7e55  cancelled  2026-11-30T13:33:38Z  …"))
    }

    @Test func streamIsWidenedForALongerRow() {
        var table = StreamedTable(["JOB", "N", "TEXT"], rightAligned: [1], fitting: 24)
        #expect(table.flush().isEmpty)
        #expect(table.add(["job-1", "10", "a"]).isEmpty)
        #expect(table.flush() == ["JOB     N  TEXT", "job-1  10  a"])
        #expect(table.add(["job-2", "2", "as long as the rest"]) == ["job-2   2  as long as t…"])
        #expect(table.flush().isEmpty)
        #expect(table.add(["job-22", "2", "b"]) == ["", "JOB      N  TEXT", "job-22   2  b"])
        #expect(table.add(["job-3", "2", "c"]) == ["job-3    2  c"])
    }

    @Test func streamWithoutALimitStaysAligned() {
        var table = StreamedTable(["JOB", "TEXT"], fitting: nil)
        let texts = (0..<300).map { $0 == 298 ? Self.month : "\($0)" }
        let printed = texts.flatMap { table.add([$0, "a"]) } + table.flush()
        #expect(printed.count == 301)
        #expect(printed[298] == "297  a")
        #expect(printed[299] == "\(Self.month)  a")
        #expect(printed[300] == "299" + String(repeating: " ", count: Self.month.count - 1) + "a")
    }
}
