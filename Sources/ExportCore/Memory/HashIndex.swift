/// An open-addressing hash index over slab places: four bytes a slot, at most three quarters full.
/// It stores no keys; the caller compares.
struct HashIndex {
    private var slots: [UInt32] = []
    private var hashes: [UInt32] = []
    private(set) var count = 0

    private static let empty = UInt32.max

    /// A 32-bit hash of a packed id: FNV-1a with a finishing mix, because neighbours in the table
    /// are chosen by the low bits.
    static func hash(_ bytes: [UInt8]) -> UInt32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        hash ^= hash >> 33
        return UInt32(truncatingIfNeeded: hash)
    }

    func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
        guard !slots.isEmpty else { return nil }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            if hashes[slot] == hash, matches(slots[slot]) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(_ place: UInt32, hash: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        put(place, hash)
        count += 1
    }

    mutating func remove(_ place: UInt32, hash: UInt32) {
        guard !slots.isEmpty else { return }
        let mask = slots.count - 1
        var hole = Int(hash) & mask
        while slots[hole] != place {
            guard slots[hole] != Self.empty else { return }
            hole = (hole + 1) & mask
        }
        // Shift the run back over the hole instead of leaving a tombstone: the table sees as many
        // removals as insertions in its life.
        var next = (hole + 1) & mask
        while slots[next] != Self.empty {
            let home = Int(hashes[next]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hashes[hole] = hashes[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Self.empty
        count -= 1
    }

    private mutating func put(_ place: UInt32, _ hash: UInt32) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = place
        hashes[slot] = hash
    }

    private mutating func grow() {
        let (oldSlots, oldHashes) = (slots, hashes)
        let capacity = max(16, oldSlots.count * 2)
        slots = [UInt32](repeating: Self.empty, count: capacity)
        hashes = [UInt32](repeating: 0, count: capacity)
        for (place, hash) in zip(oldSlots, oldHashes) where place != Self.empty { put(place, hash) }
    }
}
