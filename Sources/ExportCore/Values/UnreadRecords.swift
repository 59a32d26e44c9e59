/// Offsets of a jobs partition whose records were deleted unread. Transaction markers have offsets too, so there may
/// have been fewer records than offsets.
public struct UnreadRecords: Sendable, Hashable {
    /// The partition.
    public var partition: Int32
    /// The first offset that was not read.
    public var from: Int64
    /// The first offset that the partition still has.
    public var to: Int64

    /// Creates a value.
    public init(partition: Int32, from: Int64, to: Int64) {
        self.partition = partition
        self.from = from
        self.to = to
    }

    /// The number of offsets.
    public var count: Int { Int(max(0, to - from)) }
}
