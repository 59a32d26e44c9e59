/// A record for one of the topics.
public enum OutputRecord: Sendable {
    /// For the state topic, partition of the same number.
    case state(partition: Int32, StateRecord)
    /// For the results topic.
    case event(partition: Int32, CompletionEvent)
    /// For the results topic: the event of a batch.
    case batchEvent(partition: Int32, JobBatchEvent)
    /// For the dead-letter topic.
    case deadLetter(DeadLetter)

    /// The jobs partition whose decision this is.
    public var partition: Int32 {
        switch self {
        case .state(let partition, _), .event(let partition, _), .batchEvent(let partition, _): partition
        case .deadLetter(let letter): letter.partition
        }
    }
}

/// The kinds of records that can be dropped.
public enum OutputKind: String, Hashable, Sendable, CaseIterable {
    /// A completion event.
    case event
    /// The event of a batch.
    case batchEvent
    /// A record that could not be read as a job.
    case deadLetter
}
