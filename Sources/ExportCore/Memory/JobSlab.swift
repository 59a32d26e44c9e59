/// The entries of a partition's jobs, in slabs of a thousand, so that growing copies none of them.
struct JobSlab {
    private static let shift = 10
    private static let mask: UInt32 = (1 << 10) - 1

    private var slabs: [[JobEntry]] = []
    /// How many places were ever in use.
    private(set) var used: UInt32 = 0

    subscript(_ at: JobTable.Index) -> JobEntry {
        _read { yield slabs[Int(at >> Self.shift)][Int(at & Self.mask)] }
        _modify { yield &slabs[Int(at >> Self.shift)][Int(at & Self.mask)] }
    }

    /// A place that was never in use.
    mutating func append() -> JobTable.Index {
        if used & Self.mask == 0 { slabs.append([JobEntry](repeating: JobEntry(), count: 1 << Self.shift)) }
        defer { used += 1 }
        return used
    }
}
