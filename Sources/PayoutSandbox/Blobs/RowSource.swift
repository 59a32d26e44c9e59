/// A file of made-up rows, generated where and when it is read: the same bytes at every reading, from any offset.
///
/// Behind the header row come blocks of a fixed size. A block depends on the seed and its number only, so that reading near
/// the end of a big file costs one block.
struct RowSource: Sendable {
    /// No row without a rule is longer than this many bytes; the last row of a block may be padded up to twice as much.
    static let rowLimit = 640
    private static let blockSize = 64 * 1024

    let kind: PayoutSandbox.ExportFacts.Kind
    let isTSV: Bool
    let seed: UInt64
    /// The file's size in bytes.
    let count: Int
    private let header: [UInt8]
    private let rules: [RowRule]?
    private let rowLimit: Int

    /// A size that leaves no room for a row gives a file with its header row alone, and so does a filter that no row
    /// satisfies.
    ///
    /// - Parameter rules: Every row follows one of these; nil for rows of any kind.
    init(kind: PayoutSandbox.ExportFacts.Kind, isTSV: Bool, seed: UInt64, size: Int, rules: [RowRule]? = nil) {
        self.rules = rules
        rowLimit = Self.rowLimit + (rules?.map(\.extraBytes).max() ?? 0)
        self.kind = kind
        self.isTSV = isTSV
        self.seed = seed
        var header: [UInt8] = []
        header.appendText(kind.columns.joined(separator: isTSV ? "\t" : ","))
        header.append(UInt8(ascii: "\n"))
        self.header = header
        count = size < header.count + rowLimit || rules?.isEmpty == true ? header.count : size
    }

    private var bodyCount: Int { count - header.count }
    private var blockCount: Int { bodyCount == 0 ? 0 : max(1, bodyCount / Self.blockSize) }

    /// The bytes from `offset` to the end of the block that holds it; empty at the end of the file.
    func chunk(at offset: Int) -> ArraySlice<UInt8> {
        if offset < header.count { return header[offset...] }
        guard offset < count else { return [] }
        let position = offset - header.count
        // What would be a last block too small for a row belongs to the one before.
        let block = min(position / Self.blockSize, blockCount - 1)
        let start = block * Self.blockSize
        let end = block == blockCount - 1 ? bodyCount : start + Self.blockSize
        return bytes(ofBlock: block, count: end - start)[(position - start)...]
    }

    private func bytes(ofBlock block: Int, count: Int) -> [UInt8] {
        var random = SplitMix64(seed: seed ^ (UInt64(block) &* 0xD6E8_FEB8_6659_FD93))
        var row = RowWriter(separator: isTSV ? UInt8(ascii: "\t") : UInt8(ascii: ","), capacity: count + rowLimit)
        while true {
            kind.appendRow(to: &row, following: rule(using: &random), using: &random)
            let rest = count - row.bytes.count - 1
            if rest < rowLimit {
                row.pad(by: rest)
                row.endRow()
                return row.bytes
            }
            row.endRow()
        }
    }

    private func rule(using random: inout SplitMix64) -> RowRule? {
        guard let rules, !rules.isEmpty else { return nil }
        return rules.count == 1 ? rules[0] : rules[Int(random.below(UInt64(rules.count)))]
    }
}
