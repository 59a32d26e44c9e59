/// A stream of pseudo-random numbers (SplitMix64). The same seed yields the same numbers on every machine.
struct SeededRandom {
    private var state: UInt64

    /// Each part of a simulation draws from its own stream, so that disabling one part's faults does
    /// not change the numbers of the others.
    init(seed: UInt64, stream: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ stream &* 0xd1b5_4a32_d192_ed03
        _ = next()
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// A number of the closed range.
    mutating func int(_ range: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int64(next().multipliedFullWidth(by: width).high)
    }

    /// A number of the closed range.
    mutating func index(_ range: ClosedRange<Int>) -> Int {
        Int(int(Int64(range.lowerBound)...Int64(range.upperBound)))
    }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[index(0...(elements.count - 1))]
    }

    /// A number of the range whose order of magnitude is uniformly distributed.
    mutating func logarithmic(_ range: ClosedRange<Int64>) -> Int64 {
        var doublings: [Int64] = [max(1, range.lowerBound)]
        while let last = doublings.last, last * 2 <= range.upperBound { doublings.append(last * 2) }
        let low = pick(doublings)
        return int(low...min(range.upperBound, low * 2))
    }
}
