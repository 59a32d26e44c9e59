public import ExportCore
import SwiftProtobuf

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
            OutgoingRecord(
                key: Array(job.job.id.utf8),
                value: serialize(.job(ProtoJobState(job)), JobsPosition(job))
            )
        case .forgotten(let id):
            OutgoingRecord(key: Array(id.utf8), value: nil)
        case .position(let position):
            OutgoingRecord(
                key: Array(Self.positionKey.utf8),
                value: serialize(.position(position.offset), position)
            )
        case .origin(let origin):
            OutgoingRecord(
                key: Array(Self.originKey.utf8),
                value: serialize(
                    .origin(
                        .with {
                            $0.position = origin.position.offset
                            $0.stateStart = origin.stateStart
                        }
                    ),
                    origin.position
                )
            )
        }
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
        guard let message = try? ProtoStateRecord(serializedBytes: value) else { throw .malformedValue(key: id) }
        guard message.version == Self.version else { throw .unsupportedVersion(message.version, key: id) }
        let timestamp = message.hasJobsTimestamp ? message.jobsTimestamp : nil
        let anchor =
            message.hasAnchor
            ? JobsMark(offset: message.anchor.offset, timestamp: message.anchor.timestamp) : nil
        func position(_ offset: Int64) -> JobsPosition {
            JobsPosition(generation: message.generation, offset: offset, timestamp: timestamp, anchor: anchor)
        }
        switch (message.content, id) {
        case (.position(let offset), Self.positionKey): return .position(position(offset))
        case (.origin(let origin), Self.originKey):
            return .origin(StateOrigin(position: position(origin.position), stateStart: origin.stateStart))
        case (.job(let state), _) where !isOwn:
            var record = try JobRecord(state, id: id)
            record.generation = message.generation
            record.timestamp = timestamp
            record.anchor = anchor
            return .job(record)
        default: throw isOwn ? .missingPosition(key: id) : .missingJob(key: id)
        }
    }

    private func serialize(
        _ content: ProtoStateRecord.OneOf_Content,
        _ position: JobsPosition
    ) -> [UInt8] {
        var message = ProtoStateRecord()
        message.version = Self.version
        message.content = content
        message.generation = position.generation
        if let timestamp = position.timestamp { message.jobsTimestamp = timestamp }
        if let anchor = position.anchor {
            message.anchor = .with {
                $0.offset = anchor.offset
                $0.timestamp = anchor.timestamp
            }
        }
        do {
            return try message.serializedBytes()
        } catch {
            // A message without required fields and without Any fails only beyond 2 GiB. The parts of a record are
            // bounded far below that: a job's value to 1 MiB, an answer of the service likewise.
            preconditionFailure("a state record is larger than 2 GiB")
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
