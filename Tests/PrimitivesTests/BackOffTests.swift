import Primitives
import Testing

@Suite("Back-off")
struct BackOffTests {
    let backOff = BackOff(base: .milliseconds(500), maximum: .seconds(30))

    @Test("Bounds double up to the maximum")
    func doubles() {
        #expect((1...8).map { backOff.bound(after: $0) } == [0.5, 1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
        #expect(backOff.bound(after: 0) == .milliseconds(500))
        #expect(backOff.bound(after: .max) == .seconds(30))
        #expect(BackOff(base: .zero, maximum: .zero).bound(after: 5) == .zero)
    }

    @Test("Chance spreads the waits over the bound, or over its upper half")
    func jitter() {
        for (random, full, upperHalf) in [(0, 0, 1), (0.5, 1, 1.5), (1, 2, 2), (-1, 0, 1), (2, 2, 2)]
            as [(Double, Double, Double)]
        {
            #expect(backOff.wait(after: 3, jitter: .full, random: random) == .seconds(full))
            #expect(backOff.wait(after: 3, jitter: .upperHalf, random: random) == .seconds(upperHalf))
        }
    }
}
