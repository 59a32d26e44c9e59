import Primitives

/// Counting the rows of a table in chunks as a download receives them, beside a plain copy of the same bytes. On one thread.
struct ContentCost {
    var megabytes: Int
    var rounds: Int

    struct Result: Encodable {
        var bytes: Int
        /// CPU time a byte, the median of the rounds, for tables with and without quotes and for a copy.
        var quotedNanoseconds: Double
        var plainNanoseconds: Double
        var copyNanoseconds: Double
    }

    /// The size of a chunk, about that of the network's.
    private static let chunk = 128 * 1_024
    private static let quoted = """
        "93c2b3cf-c6d8","Contoso, Ltd.",4000123,"CSP ""2T"" Indirect Provider",1234.56,USD,2025-07-01T00:00:00Z,"Earned on\r\n"\r\n
        """
    private static let plain = """
        93c2b3cf-c6d8,Contoso Ltd.,4000123,CSP 2T Indirect Provider,1234.56,USD,2025-07-01T00:00:00Z,Earned on billed revenue\n
        """

    private struct WrongCount: Error {}

    func measure() throws -> Result {
        var (quoted, plain, copy): ([Double], [Double], [Double]) = ([], [], [])
        let (quotedTable, plainTable) = (table(Self.quoted), table(Self.plain))
        // In turns, so that other load on the machine affects all of them.
        for _ in 0..<rounds {
            quoted.append(try scan(quotedTable, line: Self.quoted))
            plain.append(try scan(plainTable, line: Self.plain))
            copy.append(self.copy(plainTable))
        }
        return Result(
            bytes: plainTable.count,
            quotedNanoseconds: median(quoted),
            plainNanoseconds: median(plain),
            copyNanoseconds: median(copy)
        )
    }

    private func table(_ line: String) -> [UInt8] {
        let line = Array(line.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(megabytes * 1_000_000)
        for _ in 0..<megabytes * 1_000_000 / line.count { bytes += line }
        return bytes
    }

    private func scan(_ table: [UInt8], line: String) throws -> Double {
        var scanner = DelimitedTextScanner()
        let begin = Measure.threadCPUSeconds
        table.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: Self.chunk) {
                let end = min(start + Self.chunk, bytes.count)
                scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { _ in }
            }
        }
        let rows = scanner.finish { _ in }.rows
        let cost = (Measure.threadCPUSeconds - begin) * 1e9 / Double(table.count)
        guard rows == Int64(table.count / line.utf8.count - 1) else { throw WrongCount() }
        return cost
    }

    /// Into one chunk, as a copy of a received chunk would be.
    private func copy(_ table: [UInt8]) -> Double {
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 64)
        defer { target.deallocate() }
        let begin = Measure.threadCPUSeconds
        table.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: Self.chunk) {
                let end = min(start + Self.chunk, bytes.count)
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
        }
        return (Measure.threadCPUSeconds - begin) * 1e9 / Double(table.count)
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
