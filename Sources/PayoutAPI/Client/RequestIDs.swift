import struct Foundation.UUID
import Synchronization

/// The ids of requests that need no idempotency id of their caller's: one random UUID, and those that follow it.
///
/// Random numbers cost a system call for each id. Ids of different clients differ in the first 60 bits, ids of one client
/// in the rest.
final class RequestIDs: Sendable {
    private let first: UUID
    private let count = Atomic<UInt64>(0)

    /// The bits of a UUID's second half that count. The others are its variant.
    private static let counted: UInt64 = (1 << 62) - 1

    /// - Parameter first: the first id, a random one.
    init(from first: UUID = UUID()) { self.first = first }

    /// The next id. Each is another one.
    func next() -> UUID {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        var id = first.uuid
        withUnsafeMutableBytes(of: &id) { bytes in
            let half = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let next = (half & ~Self.counted) | ((half &+ number) & Self.counted)
            bytes.storeBytes(of: next.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: id)
    }
}
