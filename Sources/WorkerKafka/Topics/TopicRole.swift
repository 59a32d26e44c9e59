/// What a topic is for.
public enum TopicRole: String, Sendable, Hashable, CaseIterable {
    /// Jobs and cancel commands.
    case jobs
    /// Completion events.
    case results
    /// The worker's own changelog.
    case state
    /// What could not be read as a job.
    case deadLetter = "dead-letter"

    /// The topic whose partition n belongs to partition n of this one.
    var other: TopicRole? {
        switch self {
        case .jobs: .state
        case .state: .jobs
        case .results, .deadLetter: nil
        }
    }
}
