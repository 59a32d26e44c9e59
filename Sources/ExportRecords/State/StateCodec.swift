public import ExportCore
import SwiftProtobuf

/// Writes and reads the records of the state topic, as `schemas/state.proto` defines them.
public struct StateCodec: Sendable {
    /// The version that is written, and the only one so far that can be read.
    public static let version: UInt32 = 1

    /// The key of a partition's position. No job id has an `@`.
    public static let positionKey = "@position"

    /// Creates a codec.
    public init() {}

    /// Writes a record.
    public func encode(_ record: StateRecord) -> OutgoingRecord {
        switch record {
        case .job(let job):
            OutgoingRecord(key: Array(job.job.id.utf8), value: serialize(.job(ProtoJobState(job))))
        case .forgotten(let id):
            OutgoingRecord(key: Array(id.utf8), value: nil)
        case .position(let position):
            OutgoingRecord(key: Array(Self.positionKey.utf8), value: serialize(.position(position)))
        }
    }

    /// Reads a record.
    ///
    /// - Parameters:
    ///   - key: The record's key.
    ///   - value: The record's value; `nil` for a tombstone.
    public func decode(key: [UInt8]?, value: [UInt8]?) throws(StateDecodingError) -> StateRecord {
        guard let key else { throw .missingKey }
        let id = String(decoding: key, as: UTF8.self)
        let isPosition = id == Self.positionKey
        guard isPosition || JobLimits.isJobID(id) else { throw .invalidKey(excerpt(id)) }
        guard let value else {
            guard !isPosition else { throw .missingPosition }
            return .forgotten(id: id)
        }
        guard let message = try? ProtoStateRecord(serializedBytes: value) else { throw .malformedValue(key: id) }
        guard message.version == Self.version else { throw .unsupportedVersion(message.version, key: id) }
        switch message.content {
        case .job(let state) where !isPosition:
            return .job(try JobRecord(state, id: id))
        case .position(let position) where isPosition:
            return .position(position)
        case .job, .position, nil:
            throw isPosition ? .missingPosition : .missingJob(key: id)
        }
    }

    private func serialize(_ content: ProtoStateRecord.OneOf_Content) -> [UInt8] {
        var message = ProtoStateRecord()
        message.version = Self.version
        message.content = content
        do {
            return try message.serializedBytes()
        } catch {
            // A message without required fields and without Any fails only beyond 2 GiB. What a record
            // is made of is bounded far below: a job's value to 1 MiB, an answer of the service likewise.
            preconditionFailure("a state record is larger than 2 GiB")
        }
    }
}
