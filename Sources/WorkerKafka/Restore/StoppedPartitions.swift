import KafkaClient
import Logging
import Synchronization
import WorkerRuntime

/// Restores partitions again that the engine has stopped, once an operator has written to their state.
///
/// The end of a stopped partition's state moves with `topics recover`, with a repair, with a topic that was created again,
/// and for a short time with this worker's own commits that are still in flight. An operator may also have written before
/// the worker noticed the fault. So a partition that was delivering is restored again in any case, and any other once
/// its state has moved; each time after a longer interval, because the worker itself may have moved it.
/// `KafkaLog` owns it.
final class StoppedPartitions: Sendable {
    private struct Stop {
        var epoch: UInt32
        /// The end of the state when it was read; `nil` where the partition was delivering since.
        var stateEnd: Int64?
        var since: ContinuousClock.Instant
        /// How long it stays as it is at the least.
        var interval: Duration
    }

    private static let longestInterval = Duration.seconds(60)

    /// Kept after a restore, for the interval of the next stop.
    private let stops = Mutex<[Int32: Stop]>([:])
    private let log: KafkaLog
    private let admin: KafkaAdmin
    private let sink: any LogSink

    init(log: KafkaLog, admin: KafkaAdmin, sink: any LogSink) {
        self.log = log
        self.admin = admin
        self.sink = sink
    }

    /// - Parameter stateEnd: the end of the state when it was read, where nothing was written since.
    func add(_ partition: Int32, _ epoch: UInt32, stateEnd: Int64?) {
        let (now, shortest) = (ContinuousClock.now, log.configuration.stoppedInterval)
        stops.withLock { stops in
            let interval = Self.interval(after: stops[partition].map { ($0.since, $0.interval) }, at: now, shortest)
            stops[partition] = Stop(epoch: epoch, stateEnd: stateEnd, since: now, interval: interval)
        }
    }

    /// How long a partition stays stopped at the least: twice as long as the last time, unless that was long ago.
    static func interval(
        after last: (since: ContinuousClock.Instant, interval: Duration)?,
        at now: ContinuousClock.Instant,
        _ shortest: Duration
    ) -> Duration {
        guard let last, last.since + last.interval + longestInterval > now else { return shortest }
        return min(last.interval * 2, longestInterval)
    }

    /// Watches until the task is cancelled.
    func run() async {
        while await slept(for: log.configuration.stoppedInterval) {
            for (partition, stop) in stops.withLock({ $0 })
            where stop.since + stop.interval <= .now && log.assignments.isCurrent(partition, stop.epoch) {
                await check(partition, stop)
            }
        }
    }

    private func check(_ partition: Int32, _ stop: Stop) async {
        let target = KafkaTopicPartition(topic: log.configuration.topics.state, partition: partition)
        guard let end = try? await admin.watermarks(target).high, end != stop.stateEnd,
            let epoch = log.assignments.renew(partition, stop.epoch, reportingTo: sink)
        else { return }
        log.logger.notice(
            "State of a stopped partition may have changed, restoring it",
            metadata: ["partition": "\(partition)"]
        )
        log.restore([(partition, epoch)])
    }
}
