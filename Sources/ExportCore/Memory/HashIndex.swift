/// An open-addressing hash index over slab places: four bytes a slot, at most three quarters full.
/// It stores neither keys nor hashes: the caller compares, and knows the hash of each place.
struct HashIndex {
    private var slots: [UInt32] = []
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

    /// Finds the place that `matches` accepts. It is also called for places with other hashes.
    func find(_ hash: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
        guard !slots.isEmpty else { return nil }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != Self.empty {
            if matches(slots[slot]) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(_ place: UInt32, hash: UInt32, hashes: (UInt32) -> UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow(hashes) }
        put(place, hash)
        count += 1
    }

    mutating func remove(_ place: UInt32, hash: UInt32, hashes: (UInt32) -> UInt32) {
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
            let home = Int(hashes(slots[next])) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
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
    }

    private mutating func grow(_ hashes: (UInt32) -> UInt32) {
        let old = slots
        slots = [UInt32](repeating: Self.empty, count: max(16, old.count * 2))
        for place in old where place != Self.empty { put(place, hashes(place)) }
    }
}
