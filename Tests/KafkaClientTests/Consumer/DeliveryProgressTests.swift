import Testing

@testable import KafkaClient

@Suite struct DeliveryProgressTests {
    private let partition = KafkaTopicPartition(topic: "jobs", partition: 3)
    private let other = KafkaTopicPartition(topic: "jobs", partition: 4)

    /// The delivered records of a batch, and the offsets that partitions are sought to.
    private func batch(
        _ progress: inout DeliveryProgress,
        _ runs: [(KafkaTopicPartition, ClosedRange<Int64>)]
    ) -> (delivered: [[Int64]], soughtForward: [KafkaTopicPartition: Int64]) {
        let delivered = runs.map { partition, offsets in
            progress.enter(partition, at: offsets.lowerBound)
            return offsets.filter { progress.accepts($0) }
        }
        return (delivered, progress.finish())
    }

    @Test func risingOffsetsAreAlwaysAccepted() {
        var progress = DeliveryProgress()
        for (offsets, count) in [(5...6, 2), (40...41, 2), (42...42, 1)] as [(ClosedRange<Int64>, Int)] {
            let (delivered, soughtForward) = batch(&progress, [(partition, offsets)])
            #expect(delivered[0].count == count)
            #expect(soughtForward == [:])
        }
    }

    @Test func repeatedRecordsAreDroppedAndThePartitionIsSoughtForward() {
        var progress = DeliveryProgress()
        _ = batch(&progress, [(partition, 0...39)])
        let (delivered, soughtForward) = batch(&progress, [(partition, 0...9), (other, 0...1), (partition, 10...12)])
        #expect(delivered == [[], [0, 1], []])
        #expect(soughtForward == [partition: 40])
    }

    @Test func partitionThatCatchesUpWithinTheBatchIsNotSought() {
        var progress = DeliveryProgress()
        progress.sought(partition, to: 40)
        let (delivered, soughtForward) = batch(&progress, [(partition, 0...20), (other, 7...7), (partition, 21...42)])
        #expect(delivered == [[], [7], [40, 41, 42]])
        #expect(soughtForward == [:])
        #expect(batch(&progress, [(partition, 43...44)]).delivered == [[43, 44]])
        #expect(batch(&progress, [(partition, 40...44)]).delivered == [[]])
    }

    @Test func partitionThatBeginsAgainAfterItsSeekIsAccepted() {
        var progress = DeliveryProgress()
        progress.sought(partition, to: 40)
        #expect(batch(&progress, [(partition, 0...5)]).soughtForward == [partition: 40])
        let (delivered, soughtForward) = batch(&progress, [(partition, 0...1)])
        #expect(delivered == [[0, 1]])
        #expect(soughtForward == [:])
        #expect(batch(&progress, [(partition, 2...3)]).delivered == [[2, 3]])
    }

    @Test func deliveryAtTheSoughtOffsetEndsTheSuspicion() {
        var progress = DeliveryProgress()
        progress.sought(partition, to: 40)
        _ = batch(&progress, [(partition, 0...5)])
        #expect(batch(&progress, [(partition, 40...41)]).delivered == [[40, 41]])
        #expect(batch(&progress, [(partition, 0...5)]).soughtForward == [partition: 42])
    }

    @Test func seekAndNewAssignmentMayBeginAtAnyOffset() {
        var progress = DeliveryProgress()
        progress.sought(partition, to: 40)
        progress.sought(partition, to: 10)
        #expect(batch(&progress, [(partition, 10...11)]).delivered == [[10, 11]])
        progress.forget([partition])
        #expect(batch(&progress, [(partition, 0...1)]).delivered == [[0, 1]])
    }
}
