import CRDKafka
import Foundation
import Synchronization

/// One record, a view into its ``KafkaRecordBatch``, which it keeps alive.
///
/// Sound to share for the same reasons as the batch is.
public struct KafkaRecord: @unchecked Sendable {
    let batch: KafkaRecordBatch
    let message: NativeMessage

    /// The topic's name. Makes a string: for many records take it from ``KafkaRecordBatch/runs``.
    public var topic: String {
        rd_kafka_topic_name(message.pointee.rkt).map { String(cString: $0) } ?? ""
    }

    /// The partition's number.
    public var partition: Int32 { message.pointee.partition }
    /// The record's offset in its partition.
    public var offset: Int64 { message.pointee.offset }

    /// Milliseconds since 1970, by the producer's or the broker's clock as the topic is configured; `nil` when the
    /// record has none.
    public var timestamp: Int64? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let value = rd_kafka_message_timestamp(message, &type)
        return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : value
    }

    /// Whether the record has no value: a tombstone, in a compacted topic.
    public var isTombstone: Bool { message.pointee.payload == nil }

    /// The key's length in bytes; 0 when there is none.
    public var keyCount: Int { message.pointee.key == nil ? 0 : message.pointee.key_len }
    /// The value's length in bytes; 0 when there is none.
    public var valueCount: Int { message.pointee.payload == nil ? 0 : message.pointee.len }

    /// A copy of the key; `nil` when the record has none.
    public var key: [UInt8]? { withKey { $0.map(Array.init) } }
    /// A copy of the value; `nil` for a tombstone.
    public var value: [UInt8]? { withValue { $0.map(Array.init) } }

    /// The key in place; the pointer is valid inside the closure only.
    public func withKey<R, E>(_ body: (UnsafeRawBufferPointer?) throws(E) -> R) throws(E) -> R {
        guard let start = message.pointee.key else { return try body(nil) }
        defer { withExtendedLifetime(batch) {} }
        return try body(UnsafeRawBufferPointer(start: start, count: message.pointee.key_len))
    }

    /// The value in place; the pointer is valid inside the closure only.
    public func withValue<R, E>(_ body: (UnsafeRawBufferPointer?) throws(E) -> R) throws(E) -> R {
        guard let start = message.pointee.payload else { return try body(nil) }
        defer { withExtendedLifetime(batch) {} }
        return try body(UnsafeRawBufferPointer(start: start, count: message.pointee.len))
    }

    /// The headers, in order. Parsed when asked for.
    public var headers: [KafkaHeader] {
        // librdkafka parses a message's headers upon the first question, which changes the message.
        Self.parsing.withLock { _ in
            var native: OpaquePointer?
            guard rd_kafka_message_headers(message, &native) == RD_KAFKA_RESP_ERR_NO_ERROR, let native else {
                return []
            }
            var headers: [KafkaHeader] = []
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var count = 0
            while rd_kafka_header_get_all(native, headers.count, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
                let bytes = value.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
                headers.append(KafkaHeader(name.map { String(cString: $0) } ?? "", bytes))
            }
            return headers
        }
    }

    /// The size of all headers, names and values, in bytes. Copies none of them.
    public var headerBytes: Int {
        Self.parsing.withLock { _ in
            var native: OpaquePointer?
            guard rd_kafka_message_headers(message, &native) == RD_KAFKA_RESP_ERR_NO_ERROR, let native else { return 0 }
            var (sum, index, count) = (0, 0, 0)
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            while rd_kafka_header_get_all(native, index, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
                sum += (name.map { strlen($0) } ?? 0) + count
                index += 1
            }
            return sum
        }
    }

    private static let parsing = Mutex<Void>(())
}
