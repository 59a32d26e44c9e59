import ExportCore
import SwiftProtobuf

/// A value of the core that state.proto stores under the same number. A test compares all of them by name.
protocol StoredNumber: RawRepresentable<UInt8> {
    associatedtype Proto: SwiftProtobuf.Enum
}

extension JobPhase: StoredNumber { typealias Proto = ProtoPhase }
extension ExportKind: StoredNumber { typealias Proto = ProtoKind }
extension FileFormat: StoredNumber { typealias Proto = ProtoFileFormat }
extension JobStatus: StoredNumber { typealias Proto = ProtoStatus }
extension Cleanup: StoredNumber { typealias Proto = ProtoCleanup }
extension JobErrorCode: StoredNumber { typealias Proto = ProtoErrorCode }
extension JobBatchStatus: StoredNumber { typealias Proto = ProtoBatchStatus }

extension StoredNumber {
    /// The value in a record. An enumeration of proto3 has a case for every number.
    var proto: Proto { Proto(rawValue: Int(rawValue)) ?? Proto() }
}
