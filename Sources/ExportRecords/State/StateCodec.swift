public import ExportCore

/// Encodes and decodes the records of the state topic, as `schemas/state.proto` defines them.
public struct StateCodec: Sendable {
    /// The newest version that is written and read. All earlier ones are read.
    public static let version: UInt32 = 3

    /// The key of a partition's position. No job id has an `@`.
    public static let positionKey = "@position"
    /// The key of the origin of a partition's state. No job id has an `@`.
    public static let originKey = "@origin"

    /// The key of a partition's pauses. No job id has an `@`.
    public static let controlKey = JobLimits.controlKey

    /// What the key of a batch's record begins with; the batch's id follows. No job id has an `@`.
    public static let batchKeyPrefix = "@batch/"

    /// The version with which a record is written: the oldest one that has all of its meaning, so that an earlier worker can
    /// take over until something of a later version is used.
    static func version(of record: StateRecord) -> UInt32 {
        switch record {
        case .job(let record): record.job.retryOf != nil ? 3 : record.job.batch != nil ? 2 : 1
        case .pauses: 3
        case .batch: 2
        case .forgotten, .batchForgotten, .position, .origin: 1
        }
    }

    /// Creates a codec.
    public init() {}

    /// Encodes a record.
    public func encode(_ record: StateRecord) -> OutgoingRecord {
        switch record {
        case .job(let job):
            OutgoingRecord(key: Array(job.job.id.utf8), value: encode(record, at: JobsPosition(job), capacity: 512))
        case .forgotten(let id):
            OutgoingRecord(key: Array(id.utf8), value: nil)
        case .batch(let batch):
            OutgoingRecord(key: Self.key(ofBatch: batch.batch.id), value: encode(record, at: JobsPosition()))
        case .batchForgotten(let id):
            OutgoingRecord(key: Self.key(ofBatch: id), value: nil)
        case .pauses(let pauses):
            // Without pauses only a null value remains, at whose key an older worker stops until compaction has
            // removed it.
            OutgoingRecord(
                key: Array(Self.controlKey.utf8),
                value: pauses.isEmpty ? nil : encode(record, at: JobsPosition())
            )
        case .position(let position):
            OutgoingRecord(key: Array(Self.positionKey.utf8), value: encode(record, at: position))
        case .origin(let origin):
            OutgoingRecord(key: Array(Self.originKey.utf8), value: encode(record, at: origin.position))
        }
    }

    private static func key(ofBatch id: String) -> [UInt8] { Array((batchKeyPrefix + id).utf8) }

    /// The id of the batch whose record has this key; `nil` for another key.
    private static func batchID(ofKey key: String) -> String? {
        guard key.hasPrefix(batchKeyPrefix) else { return nil }
        let id = String(key.dropFirst(batchKeyPrefix.count))
        return JobLimits.isJobID(id) ? id : nil
    }

    private func encode(_ record: StateRecord, at position: JobsPosition, capacity: Int = 64) -> [UInt8] {
        var writer = WireWriter(capacity: capacity)
        writer.record(record, at: position)
        return writer.bytes
    }

    /// Decodes a record.
    ///
    /// - Parameters:
    ///   - key: The record's key.
    ///   - value: The record's value; `nil` for a tombstone.
    public func decode(key: [UInt8]?, value: [UInt8]?) throws(StateDecodingError) -> StateRecord {
        guard let key else { throw .missingKey }
        let id = String(decoding: key, as: UTF8.self)
        let isOwn = [Self.positionKey, Self.originKey, Self.controlKey].contains(id)
        let batchID = Self.batchID(ofKey: id)
        let isKnown = isOwn || batchID != nil || JobLimits.isJobID(id)
        guard let value else {
            guard isKnown else { throw .invalidKey(excerpt(id)) }
            if id == Self.controlKey { return .pauses([]) }
            guard !isOwn else { throw .missingPosition(key: id) }
            if let batchID { return .batchForgotten(id: batchID) }
            return .forgotten(id: id)
        }
        var record = JobRecord.blank
        var reading = StateReading()
        let isRead = value.withUnsafeBytes { (try? reading.read($0, into: &record)) != nil }
        // First of all: a later version may have keys and contents that this build does not know.
        if isRead, reading.version > Self.version {
            throw .unsupportedVersion(reading.version, key: isKnown ? id : excerpt(id))
        }
        guard isKnown else { throw .invalidKey(excerpt(id)) }
        guard isRead else { throw .malformedValue(key: id) }
        // No version ever was 0.
        guard reading.version > 0 else { throw .unsupportedVersion(0, key: id) }
        switch (reading.content, id) {
        case (.position, Self.positionKey): return .position(reading.position)
        case (.origin, Self.originKey): return .origin(reading.origin)
        case (.control, Self.controlKey): return .pauses(try reading.control.finish(key: id))
        case (.batch, _) where batchID != nil: return .batch(try reading.batch.finish(id: batchID ?? "", key: id))
        case (.job, _) where !isOwn && batchID == nil:
            try reading.finish(&record, id: id)
            return .job(record)
        default:
            if batchID != nil { throw .missingBatch(key: id) }
            throw isOwn ? .missingPosition(key: id) : .missingJob(key: id)
        }
    }
}

extension JobsPosition {
    /// The position that a job's record names: its own record is decided.
    fileprivate init(_ job: JobRecord) {
        self.init(
            generation: job.generation,
            offset: job.offset,
            timestamp: job.timestamp,
            anchor: job.anchor
        )
    }
}
