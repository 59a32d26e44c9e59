/// A record that could not be read as a job, for the dead-letter topic.
public struct DeadLetter: Hashable, Sendable {
    /// The unchanged record.
    public var original: OriginalRecord
    /// Its partition of the jobs topic.
    public var partition: Int32
    /// Its offset in that partition.
    public var offset: Int64
    /// Why it was refused, for the `__dlq.errors.message` header.
    public var reason: String
    /// The largest form in which the dead letter is written.
    public var form = OutputForm.whole

    /// Creates a dead letter.
    public init(original: OriginalRecord, partition: Int32, offset: Int64, reason: String) {
        self.original = original
        self.partition = partition
        self.offset = offset
        self.reason = reason
    }
}
