public import ExportCore
import KafkaClient
import Logging
import WorkerRuntime

/// Where the delivery of a partition's jobs begins.
extension KafkaLog {
    /// How long beginning may fail before it is reported: a leader that moves takes seconds.
    private static let beginPatience: Duration = .seconds(10)

    /// Delivers a restored partition's jobs from this position on, once it is certain that it is the same partition.
    public func begin(partition: Int32, epoch: UInt32, from position: JobsPosition) {
        guard let parts = present else { return }
        gaps.begin(partition, epoch, from: position.offset)
        // On its own: a partition whose leader is unavailable must not keep the others waiting.
        work.start { await self.begin(partition, epoch, position, parts) }
    }

    private func begin(
        _ partition: Int32,
        _ epoch: UInt32,
        _ position: JobsPosition,
        _ parts: Parts
    ) async {
        let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
        let start = ContinuousClock.now
        var reported: LogProblem?
        while assignments.isCurrent(partition, epoch) {
            do {
                let found = try await parts.continuity.discontinuity(partition, at: position.offset, position.marks)
                if let found {
                    parts.sink.discontinuity(partition: partition, epoch: epoch, found)
                } else {
                    // Paused since it was assigned, unless a late command of an earlier epoch resumed it: records that
                    // arrive between the seek and the beginning would be lost.
                    try await parts.consumer.pause([target])
                    try await parts.consumer.seek(KafkaTopicPartitionOffset(target, offset: position.offset))
                    assignments.sought(partition, epoch)
                    parts.continuity.begin(partition, epoch, at: position)
                    resume(target, epoch)
                }
                if reported != nil { parts.sink.observe(.beginFailing(partition: partition, nil)) }
                return
            } catch {
                guard (error as? KafkaError)?.fault != .closed, assignments.isCurrent(partition, epoch) else { return }
                logger.warning(
                    "Failed to begin delivery of a partition, retrying",
                    metadata: ["partition": "\(partition)", "error.message": "\(error)"]
                )
                if start.duration(to: .now) >= Self.beginPatience, let error = error as? KafkaError {
                    report(LogProblem(error, configuration), of: partition, &reported, parts)
                }
                guard await slept(for: Self.repetition) else { return }
            }
        }
    }

    private func report(_ problem: LogProblem, of partition: Int32, _ reported: inout LogProblem?, _ parts: Parts) {
        guard problem != reported else { return }
        reported = problem
        parts.sink.observe(.beginFailing(partition: partition, problem))
    }
}
