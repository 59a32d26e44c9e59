/// Why a record of the state topic cannot be read.
///
/// Such a record must stop its partition: skipping it would lose a job. More cases may be added.
public enum StateDecodingError: Error, Hashable, Sendable {
    /// The record has no key.
    case missingKey
    /// The key is neither a job id nor one of the worker's own keys. Holds an excerpt of it.
    case invalidKey(String)
    /// The value is not a StateRecord in Protobuf, or is truncated.
    case malformedValue(key: String)
    /// The record was written by a later version of the worker. Holds an excerpt of a key that this build does not know.
    case unsupportedVersion(UInt32, key: String)
    /// The record has no job, or lacks the job's document.
    case missingJob(key: String)
    /// The record under one of the worker's own keys does not have the content of that key.
    case missingPosition(key: String)
    /// The record under a batch's key does not hold a batch.
    case missingBatch(key: String)
    /// A field has an unknown number.
    case unknownValue(field: String, number: Int, key: String)
    /// A field that a record in this phase must have is absent.
    case missingField(field: String, key: String)
}

extension StateDecodingError: CustomStringConvertible {
    /// What is wrong, with which record, and what to do about it.
    public var description: String {
        switch self {
        case .missingKey:
            "a state record has no key. \(Self.foreign)"
        case .invalidKey(let key) where key.hasPrefix("'@"):
            "the key \(key) of a state record is not known to this build. \(Self.later)"
        case .invalidKey(let key):
            "the key \(key) of a state record is not a job id. \(Self.foreign)"
        case .malformedValue(let key):
            "the state record of \(key) is damaged. \(Self.foreign)"
        case .unsupportedVersion(let version, let key):
            "the state record of \(key) has version \(version); this build reads versions up to \(StateCodec.version). \(Self.later)"
        case .missingJob(let key):
            "the state record of \(key) holds no job. \(Self.foreign)"
        case .missingPosition(let key):
            "the state record of \(key) holds no position. \(Self.foreign)"
        case .missingBatch(let key):
            "the state record of \(key) holds no batch. \(Self.foreign)"
        case .unknownValue(let field, let number, let key):
            "the state record of \(key) has the unknown value \(number) in \(field). \(Self.later)"
        case .missingField(let field, let key):
            "the state record of \(key) lacks \(field). \(Self.foreign)"
        }
    }

    private static let later = "Run the version of the worker that wrote it, or a later one."
    private static let foreign = """
        Make sure that nothing but the worker writes to the state topic, and that the topic is not shared; \
        the partition stays stopped until the record is gone.
        """
}
