import Testing

@testable import WorkerKafka

@Suite struct OrphanWatchTests {
    @Test func memberWithLessThanItsShareFindsPartitionsWithoutAnOwner() {
        #expect(OrphanWatch.orphans(of: 6, held: [3, 4, 5], members: 2, owned: 0) == [0, 1, 2])
        #expect(OrphanWatch.orphans(of: 6, held: [3, 4, 5], members: 2, owned: 3) == [])
        #expect(OrphanWatch.orphans(of: 6, held: [0, 1, 2, 3, 4, 5], members: 8, owned: 0) == [])
        #expect(OrphanWatch.orphans(of: 2, held: [0], members: 3, owned: 0) == [1])
    }

    @Test(arguments: 1...12, 1...8) func atLeastOneMemberActsForEachPartitionWithoutAnOwner(count: Int, members: Int) {
        // However the others are spread: all of them at one member, or evenly.
        for held in 0..<count {
            let even = (0..<members).map { held / members + ($0 < held % members ? 1 : 0) }
            let lopsided = [held] + Array(repeating: 0, count: members - 1)
            for spread in [even, lopsided] {
                let actors = spread.filter { owned in
                    let held = Set(0..<Int32(held))
                    return !OrphanWatch.orphans(of: count, held: held, members: members, owned: owned).isEmpty
                }
                #expect(!actors.isEmpty)
            }
        }
    }
}
