import Testing

@testable import KafkaClient

@Suite struct DeliveryProgressTests {
    private let partition = KafkaTopicPartition(topic: "jobs", partition: 3)

    @Test func offsetsThatRiseAreNeverHeldBack() {
        var progress = DeliveryProgress()
        for offset in [5, 6, 40, 41] as [Int64] {
            #expect(progress.next(of: partition, at: offset) == offset)
            progress.delivered(partition, upTo: offset + 1)
        }
    }

    @Test func whatWasDeliveredIsARepetition() {
        var progress = DeliveryProgress()
        progress.delivered(partition, upTo: 40)
        #expect(progress.next(of: partition, at: 0) == 40)
        #expect(progress.next(of: partition, at: 39) == 40)
        #expect(progress.next(of: partition, at: 40) == 40)
        #expect(progress.next(of: KafkaTopicPartition(topic: "jobs", partition: 4), at: 0) == 0)
    }

    @Test func aPartitionThatBeginsAgainAfterItWasSentOnIsBelieved() {
        var progress = DeliveryProgress()
        progress.delivered(partition, upTo: 40)
        #expect(progress.next(of: partition, at: 0) == 40)
        progress.wentBack(partition)
        #expect(progress.next(of: partition, at: 0) == 0)
        progress.delivered(partition, upTo: 1)
        #expect(progress.next(of: partition, at: 1) == 1)
    }

    @Test func goingOnWhereItWasSentForgetsThatItBeganAgain() {
        var progress = DeliveryProgress()
        progress.delivered(partition, upTo: 40)
        progress.wentBack(partition)
        #expect(progress.next(of: partition, at: 40) == 40)
        progress.delivered(partition, upTo: 41)
        #expect(progress.next(of: partition, at: 0) == 41)
    }

    @Test func anotherAssignmentBeginsAnywhere() {
        var progress = DeliveryProgress()
        progress.delivered(partition, upTo: 40)
        progress.forget([partition])
        #expect(progress.next(of: partition, at: 0) == 0)
    }
}
