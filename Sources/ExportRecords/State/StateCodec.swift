public import ExportCore

/// Encodes and decodes the records of the state topic, as `schemas/state.proto` defines them.
public struct StateCodec: Sendable {
    /// The version that is written, and the only one that can be read.
    public static let version: UInt32 = 1

    /// The key of a partition's position. No job id has an `@`.
    public static let positionKey = "@position"
    /// The key of the origin of a partition's state. No job id has an `@`.
    public static let originKey = "@origin"

    /// Creates a codec.
    public init() {}

    /// Encodes a record.
    public func encode(_ record: StateRecord) -> OutgoingRecord {
        switch record {
        case .job(let job):
            OutgoingRecord(key: Array(job.job.id.utf8), value: encode(record, at: JobsPosition(job), capacity: 512))
        case .forgotten(let id):
            OutgoingRecord(key: Array(id.utf8), value: nil)
        case .position(let position):
            OutgoingRecord(key: Array(Self.positionKey.utf8), value: encode(record, at: position))
        case .origin(let origin):
            OutgoingRecord(key: Array(Self.originKey.utf8), value: encode(record, at: origin.position))
        }
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
        let isOwn = id == Self.positionKey || id == Self.originKey
        guard isOwn || JobLimits.isJobID(id) else { throw .invalidKey(excerpt(id)) }
        guard let value else {
            guard !isOwn else { throw .missingPosition(key: id) }
            return .forgotten(id: id)
        }
        var record = JobRecord.blank
        var reading = StateReading()
        guard value.withUnsafeBytes({ (try? reading.read($0, into: &record)) != nil }) else {
            throw .malformedValue(key: id)
        }
        guard reading.version == Self.version else { throw .unsupportedVersion(reading.version, key: id) }
        switch (reading.content, id) {
        case (.position, Self.positionKey): return .position(reading.position)
        case (.origin, Self.originKey): return .origin(reading.origin)
        case (.job, _) where !isOwn:
            try reading.finish(&record, id: id)
            return .job(record)
        default: throw isOwn ? .missingPosition(key: id) : .missingJob(key: id)
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
