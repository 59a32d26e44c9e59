/// One time for each slot, and the earliest of all: a tournament tree. A change costs the logarithm of the number of slots,
/// the earliest time nothing.
struct EarliestTimes {
    /// The time of a slot that has none.
    static let never = Int64.max

    /// A binary tree: the root is at place 1, and the children of a node are at twice its place and behind that. The leaves,
    /// which are the second half, hold the slots' times; every other node holds the earlier time of its children.
    private var nodes = [never, never]

    private var leafCount: Int { nodes.count / 2 }

    /// The earliest time of all slots.
    var earliest: Int64 { nodes[1] }

    func time(of slot: Int) -> Int64 { slot < leafCount ? nodes[leafCount + slot] : Self.never }

    /// Sets the time of a slot.
    mutating func set(_ slot: Int, to time: Int64) {
        if slot >= leafCount { grow(toHold: slot) }
        var node = leafCount + slot
        nodes[node] = time
        while node > 1 {
            let earlier = min(nodes[node], nodes[node ^ 1])
            node /= 2
            // The nodes above depend on this one alone.
            guard nodes[node] != earlier else { return }
            nodes[node] = earlier
        }
    }

    private mutating func grow(toHold slot: Int) {
        let times = nodes[leafCount...]
        var count = leafCount
        while count <= slot { count *= 2 }
        nodes = [Int64](repeating: Self.never, count: 2 * count)
        for (slot, time) in times.enumerated() { set(slot, to: time) }
    }

    /// The first slot, at or behind `start`, whose time is not after `time`.
    func first(from start: Int, upTo time: Int64) -> Int? {
        guard earliest <= time, start < leafCount else { return nil }
        var node = leafCount + start
        while nodes[node] > time {
            // Continue with the subtree to the right: that of the nearest node that is a left child.
            while node % 2 == 1 { node /= 2 }
            guard node > 0 else { return nil }
            node += 1
        }
        while node < leafCount {
            node *= 2
            if nodes[node] > time { node += 1 }
        }
        return node - leafCount
    }

    /// Whether these are the slots' times, and every node holds the earlier time of its children.
    func audit(_ times: [Int64]) -> Bool {
        let padding = [Int64](repeating: Self.never, count: max(0, leafCount - times.count))
        return Array(nodes[leafCount...]) == times + padding
            && (1..<leafCount).allSatisfy { nodes[$0] == min(nodes[2 * $0], nodes[2 * $0 + 1]) }
    }
}
