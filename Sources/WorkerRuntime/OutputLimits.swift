import ExportCore
import ExportRecords
import Synchronization

/// The largest record that each written topic accepts, in bytes: alone in a batch, with everything that Kafka counts.
public struct OutputLimits: Sendable, Hashable {
    /// Kafka's `max.message.bytes` where neither topic nor broker set it.
    public static let kafkaDefault = 1_048_588

    /// The state topic's.
    public var state = Self.kafkaDefault
    /// The results topic's.
    public var results = Self.kafkaDefault
    /// The dead-letter topic's.
    public var deadLetter = Self.kafkaDefault

    /// Kafka's defaults.
    public init() {}

    /// The limit of a topic.
    public subscript(topic: LogTopic) -> Int {
        get {
            switch topic {
            case .state: state
            case .results: results
            case .deadLetter: deadLetter
            }
        }
        set {
            switch topic {
            case .state: state = newValue
            case .results: results = newValue
            case .deadLetter: deadLetter = newValue
            }
        }
    }

    /// The smallest of them.
    public var smallest: Int { min(state, results, deadLetter) }
}

/// The present limits. The log reports them; the engine and the log's own threads read them.
final class CurrentLimits: Sendable {
    private let limits = Mutex(OutputLimits())

    var value: OutputLimits {
        get { limits.withLock { $0 } }
        set { limits.withLock { $0 = newValue } }
    }
}

extension LogOutput {
    /// The most bytes that Kafka counts beside key, value and headers for a record that is alone in its batch: the
    /// batch's header, and the record's attributes and lengths.
    private static let overhead = 61 + 36
    /// The same for a header: the lengths of its name and its value.
    private static let headerOverhead = 10

    /// The record's size as Kafka counts it, alone in a batch and not compressed; never too small.
    public var byteCount: Int {
        record.headers.reduce(Self.overhead + (record.key?.count ?? 0) + (record.value?.count ?? 0)) {
            $0 + Self.headerOverhead + $1.name.utf8.count + ($1.value?.count ?? 0)
        }
    }
}

/// The bounds of a record of the jobs topic; larger parts are not copied.
public enum JobRecordBounds {
    /// The largest value of a job, in bytes.
    public static let valueBytes = JobLimits.valueBytes
    /// The largest value that is copied for a dead letter, in bytes.
    public static let deadLetterValueBytes = 4 << 20
    /// The largest headers, names and values together, in bytes.
    public static let headerBytes = JobLimits.headerBytes
    /// The largest key, in bytes.
    public static let keyBytes = JobLimits.keyBytes
}

/// The largest records that a worker writes when every part has its largest permitted size, in bytes.
public enum LargestOutputs {
    /// A state record: filter, metadata, location, members of an archive, reason.
    public static let state = 65_536
    /// A completion event: the same as JSON.
    public static let event = 131_072
}
