import Testing

@testable import WorkerKafka

@Suite struct DeliveryGapsTests {
    @Test func offsetsBelowTheNewBeginningAreUnread() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 10)
        gaps.delivered(3, 1, [10, 11, 12])
        #expect(gaps.waiting.isEmpty)
        gaps.delivered(3, 1, [40, 41])
        #expect(gaps.waiting == [3])
        #expect(gaps.resolve(3, low: 40) == [13..<40])
        #expect(gaps.waiting.isEmpty)
    }

    @Test func transactionMarkersAreNotUnread() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 10)
        gaps.delivered(3, 1, [10, 12, 14])
        #expect(gaps.waiting == [3])
        #expect(gaps.resolve(3, low: 0).isEmpty)
    }

    @Test func offsetsAboveTheBeginningAreNotUnread() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 10)
        gaps.delivered(3, 1, [50])
        #expect(gaps.resolve(3, low: 30) == [10..<30])
    }

    @Test func emptiedPartitionIsNoticedAtItsEnd() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 10)
        gaps.reachedEnd(3, 1, at: 10)
        #expect(gaps.waiting.isEmpty)
        gaps.reachedEnd(3, 1, at: 500)
        #expect(gaps.resolve(3, low: 500) == [10..<500])
        gaps.delivered(3, 1, [500])
        #expect(gaps.waiting.isEmpty)
    }

    @Test func recordsOfAnEarlierEpochAreIgnored() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 10)
        gaps.begin(3, 2, from: 5)
        gaps.delivered(3, 1, [900])
        #expect(gaps.waiting.isEmpty)
        gaps.delivered(3, 2, [5, 6])
        #expect(gaps.waiting.isEmpty)
    }

    @Test func largeGapIsKeptAmongManySmallOnes() {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 0)
        gaps.delivered(3, 1, (0..<500).map { $0 * 2 })
        gaps.delivered(3, 1, [5_000])
        #expect(gaps.resolve(3, low: 5_000).contains(999..<5_000))
    }

    @Test func gapsThatArriveDuringARequestAreKept() throws {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 0)
        gaps.delivered(3, 1, [10])
        let taken = try #require(gaps.take(3))
        gaps.delivered(3, 1, [50])
        #expect(taken.unread(below: 10) == [0..<10])
        #expect(gaps.waiting == [3])
        #expect(gaps.take(3)?.unread(below: 50) == [11..<50])
    }

    @Test func gapsAreKeptAgainAfterAFailedRequest() throws {
        let gaps = DeliveryGaps()
        gaps.begin(3, 1, from: 0)
        gaps.delivered(3, 1, [10])
        let taken = try #require(gaps.take(3))
        gaps.delivered(3, 1, [50])
        gaps.putBack(taken, of: 3)
        #expect(gaps.take(3)?.unread(below: 50) == [0..<10, 11..<50])
        gaps.begin(3, 2, from: 60)
        gaps.putBack(taken, of: 3)
        #expect(gaps.waiting.isEmpty)
    }
}

extension DeliveryGaps {
    fileprivate func resolve(_ partition: Int32, low: Int64) -> [Range<Int64>] {
        take(partition)?.unread(below: low) ?? []
    }
}
