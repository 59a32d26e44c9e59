import ExportCore
import Foundation
import SwiftProtobuf
import Testing
import TestSupport

@testable import ExportRecords

/// The hand-written writer and reader of state records against the code that Protobuf's compiler generates.
@Suite("State records and Protobuf's own code")
struct StateOracleTests {
    private let codec = StateCodec()

    private func decode(_ key: String, _ bytes: [UInt8]) throws(StateDecodingError) -> StateRecord {
        try codec.decode(key: Array(key.utf8), value: bytes)
    }

    @Test(arguments: 0..<8) func bothWriteEqualBytesAndReadEqualValues(seed: Int) throws {
        var generator = SeededGenerator(seed: 100 + UInt64(seed))
        for _ in 0..<500 {
            let record = StateRecord.random(using: &generator)
            let message = try #require(ProtoStateRecord(record))
            let bytes = try #require(codec.encode(record).value)
            #expect(try bytes == message.serializedBytes())
            #expect(try ProtoStateRecord(serializedBytes: bytes) == message)
            #expect(try decode(record.key, message.serializedBytes()) == record)
        }
    }

    @Test func numbersOfValuesAreThoseOfTheSchema() {
        func check<Value: RawRepresentable<UInt8>>(_ values: [Value], _ protos: [some SwiftProtobuf.Enum]) {
            let names = protos.map { "\($0)=\($0.rawValue)" }.filter { $0 != "unspecified=0" }
            #expect(values.map { "\($0)=\($0.rawValue)" }.sorted() == names.sorted())
        }
        check(JobPhase.allCases, ProtoPhase.allCases)
        check(ExportKind.allCases, ProtoKind.allCases)
        check(FileFormat.allCases, ProtoFileFormat.allCases)
        check(JobStatus.allCases, ProtoStatus.allCases)
        check([Cleanup.none, .findThenDelete, .delete], ProtoCleanup.allCases)
        check(JobErrorCode.allCases, ProtoErrorCode.allCases)
        check(JobBatchStatus.allCases, ProtoBatchStatus.allCases)
    }

    /// Bytes that another program, a later version or a fault may have written.
    @Test(arguments: 0..<8) func bothReadAndRefuseTheSameBytes(seed: Int) throws {
        var generator = SeededGenerator(seed: 200 + UInt64(seed))
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        var (accepted, refused) = (0, 0)
        for _ in 0..<1_500 {
            let bytes = try changedRecord(using: &generator)
            let message = try? ProtoStateRecord(serializedBytes: bytes, options: options)
            do {
                let record = try decode("a", bytes)
                accepted += 1
                var expected = try #require(message)
                // A state without its parent is no trace context.
                if !expected.job.job.hasTraceParent { expected.job.job.clearTraceState() }
                // Every version up to the newest is read, and written again as the oldest one that suffices.
                expected.version = StateCodec.version(of: record)
                #expect(ProtoStateRecord(record) == expected, "\(bytes)")
            } catch StateDecodingError.malformedValue {
                refused += 1
                #expect(message == nil, "\(bytes)")
            } catch {
                #expect(try !#require(message, "\(bytes)").isJobOfThisBuild, "\(error): \(bytes)")
            }
        }
        #expect(accepted > 150 && refused > 150, "\(accepted) accepted, \(refused) refused")
    }

    @Test(arguments: [1, 97, 98, 99, 100, 200]) func bothLimitNesting(depth: Int) throws {
        var generator = SeededGenerator(seed: 7)
        let record = try #require(codec.encode(.job(.random(using: &generator))).value)
        let state: [UInt8] = try ProtoStateRecord(serializedBytes: record).job.serializedBytes()
        var field: [UInt8] = []
        for _ in 0..<depth { field = Self.group(field) }
        for (bytes, limit) in [(record + field, 99), (Self.record(ofState: state + field), 98)] {
            let isRead = (try? ProtoStateRecord(serializedBytes: bytes)) != nil
            #expect(isRead == (depth <= limit))
            #expect(((try? decode("a", bytes)) != nil) == isRead)
        }
    }

    // MARK: Changed records

    private func changedRecord(using generator: inout SeededGenerator) throws -> [UInt8] {
        var bytes = try #require(codec.encode(.job(.random(using: &generator))).value)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:  // Fields that occur twice are merged, except where another content came between them.
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes += try #require(codec.encode(.random(using: &generator)).value)
            }
        case 1: bytes += Self.unknownField(using: &generator)
        case 2:
            let state: [UInt8] = try ProtoStateRecord(serializedBytes: bytes).job.serializedBytes()
            bytes = Self.record(ofState: state + Self.unknownField(using: &generator))
        case 3: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
        case 4:
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
            }
        default:
            let place = Int.random(in: bytes.indices, using: &generator)
            bytes.replaceSubrange(place..<place, with: Self.unknownField(using: &generator))
        }
        return bytes
    }

    /// A record whose job state has these bytes, with the longest form of their length.
    private static func record(ofState bytes: [UInt8]) -> [UInt8] {
        let length = stride(from: 0, through: 28, by: 7).map { UInt8(bytes.count >> $0 & 0x7F) | ($0 < 28 ? 0x80 : 0) }
        return [0x08, 1, 0x12] + length + bytes
    }

    /// A field of any type. Its number may be one that is known, with another type.
    private static func unknownField(using generator: inout SeededGenerator) -> [UInt8] {
        func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255, using: &generator) } }
        let number = UInt8.random(in: 1...15, using: &generator) << 3
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return [number, .random(in: 0x80...0xFF, using: &generator), 0x01]
        case 1: return [number | 1] + random(8)
        case 2:
            let count = Int.random(in: 0...40, using: &generator)
            return [number | 2, UInt8(count)] + random(count)
        case 3: return group(unknownField(using: &generator))
        default: return [number | 5] + random(4)
        }
    }

    /// A group, a field type of older programs, with field number 20.
    private static func group(_ content: [UInt8]) -> [UInt8] { [0xA3, 0x01] + content + [0xA4, 0x01] }
}
