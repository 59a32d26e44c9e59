/// A position in a partition of the jobs topic: the first record that is not decided, and the generation of the topic.
///
/// A jobs topic that was deleted and created again begins at offset 0 again, so offsets alone do not determine the
/// order. Positions are ordered by generation first.
public struct JobsPosition: Hashable, Sendable {
    /// The generation of the jobs partition, from 1; 0 in records of workers that did not count generations.
    public var generation: UInt32
    /// The offset of the next record to decide.
    public var offset: Int64
    /// The timestamp of the newest record that is decided, in milliseconds since 1970, where it is known. Another
    /// record with another timestamp at its offset means another topic.
    public var timestamp: Int64?
    /// An earlier record that was found in the partition again after it was decided. Unlike the newest record, it
    /// cannot belong to a replacement of the topic that has not been detected yet.
    public var anchor: JobsMark?

    /// The earlier of this position and `offset`, without marks of records beyond it.
    func limited(to offset: Int64) -> JobsPosition {
        guard offset < self.offset else { return self }
        let anchor = anchor.flatMap { $0.offset < offset ? $0 : nil }
        return JobsPosition(generation: generation, offset: offset, anchor: anchor)
    }

    /// Creates a position.
    public init(generation: UInt32 = 0, offset: Int64 = 0, timestamp: Int64? = nil, anchor: JobsMark? = nil) {
        self.generation = generation
        self.offset = offset
        self.timestamp = timestamp
        self.anchor = anchor
    }

    /// The newest decided record, where its timestamp is known.
    public var newest: JobsMark? { timestamp.map { JobsMark(offset: offset - 1, timestamp: $0) } }

    /// Records that identify the topic, the best first. One that the partition still has is enough.
    public var marks: [JobsMark] { [anchor, newest].compactMap { $0 } }

    /// Whether it is beyond `other`, or the same place with more known of it.
    func supersedes(_ other: JobsPosition) -> Bool {
        if (generation, offset) == (other.generation, other.offset) { return other.timestamp == nil }
        return isBeyond(other)
    }

    /// Whether it is beyond `other`.
    func isBeyond(_ other: JobsPosition) -> Bool {
        (generation, offset) > (other.generation, other.offset)
    }
}

/// A record of the jobs partition, known by its timestamp.
public struct JobsMark: Hashable, Sendable {
    /// The record's offset.
    public var offset: Int64
    /// The record's timestamp, in milliseconds since 1970.
    public var timestamp: Int64

    /// Creates a mark.
    public init(offset: Int64, timestamp: Int64) {
        self.offset = offset
        self.timestamp = timestamp
    }
}

/// Where a partition's state begins: the first record of its log, written once when the partition is first owned, and
/// again by disaster recovery.
///
/// Every later record names the same generation. Records without their origin are the remainder of a truncated log.
public struct StateOrigin: Hashable, Sendable {
    /// Where the jobs partition is read from.
    public var position: JobsPosition
    /// The first offset of the state partition that is expected to exist. Compaction never moves it.
    public var stateStart: Int64

    /// Creates an origin.
    public init(position: JobsPosition, stateStart: Int64 = 0) {
        self.position = position
        self.stateStart = stateStart
    }
}

/// Why a partition is stopped until an operator decides.
public enum StopReason: Hashable, Sendable {
    /// The record at this offset of the state partition cannot be read; the decoder says why.
    case stateUnreadable(offset: Int64, cause: String)
    /// The state topic has no partition of this number.
    case statePartitionMissing
    /// Reading the state took longer than tombstones are kept, so that forgotten jobs would come back.
    case stateReadTooSlow(seconds: Int64, tombstonesKept: Int64)
    /// The jobs partition ends below the position that is decided: it was deleted and created again, or lost records.
    case jobsEndBelowPosition(position: Int64, end: Int64)
    /// Another record than the one that was decided is at this offset of the jobs partition.
    case jobsReplaced(offset: Int64)
    /// The group has committed this offset and the state partition is empty.
    case stateMissing(committed: Int64)
    /// The state partition begins at this offset: records were deleted.
    case stateTruncated(start: Int64)
    /// The state partition has records, but not the first one.
    case stateIncomplete
    /// The state topic does not accept even the smallest record of a job.
    case stateRefused
}
