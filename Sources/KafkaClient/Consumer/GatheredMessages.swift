import CRDKafka

/// Messages that the consumer's thread has polled and not yet delivered.
///
/// A raw buffer and counter instead of an array in a variable: the polling loop and the rebalance callback inside of it
/// both work on it, once per record, and an array would cost a check for exclusive access and uniqueness each time.
/// Used by the consumer's thread alone.
final class GatheredMessages {
    /// How many messages are gathered at the most.
    private static let capacity = 1_000
    /// The bytes of keys and values after which no other message is gathered.
    private static let maxBytes = 8 << 20

    private let storage: UnsafeMutablePointer<UnsafeMutablePointer<NativeMessage>>
    private let counter: UnsafeMutablePointer<Int>
    /// The bytes of keys and values.
    private let bytes: UnsafeMutablePointer<Int>

    init() {
        storage = .allocate(capacity: 1)
        storage.initialize(to: .allocate(capacity: Self.capacity))
        counter = .allocate(capacity: 1)
        counter.initialize(to: 0)
        bytes = .allocate(capacity: 1)
        bytes.initialize(to: 0)
    }

    deinit {
        for index in 0..<counter.pointee { rd_kafka_message_destroy(storage.pointee[index]) }
        storage.pointee.deallocate()
        storage.deallocate()
        counter.deallocate()
        bytes.deallocate()
    }

    var isEmpty: Bool { counter.pointee == 0 }
    var isFull: Bool { counter.pointee == Self.capacity || bytes.pointee >= Self.maxBytes }

    func append(_ message: NativeMessage) {
        (storage.pointee + counter.pointee).initialize(to: message)
        counter.pointee += 1
        bytes.pointee += Self.size(message)
    }

    private static func size(_ message: NativeMessage) -> Int { message.pointee.len &+ message.pointee.key_len }

    /// Removes the messages and returns them, with the memory that holds them.
    func take() -> UnsafeMutableBufferPointer<NativeMessage> {
        let taken = UnsafeMutableBufferPointer(start: storage.pointee, count: counter.pointee)
        storage.pointee = .allocate(capacity: Self.capacity)
        counter.pointee = 0
        bytes.pointee = 0
        return taken
    }

    /// Destroys the messages that the closure picks.
    func destroy(where isGone: (NativeMessage) -> Bool) {
        var kept = 0
        bytes.pointee = 0
        for index in 0..<counter.pointee {
            let message = storage.pointee[index]
            if isGone(message) {
                rd_kafka_message_destroy(message)
            } else {
                storage.pointee[kept] = message
                bytes.pointee += Self.size(message)
                kept += 1
            }
        }
        counter.pointee = kept
    }
}
