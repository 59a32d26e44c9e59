import ExportCore
import KafkaClient
import WorkerRuntime

extension KafkaLog {
    private static let gapInterval: Duration = .seconds(1)
    private static let addressInterval: Duration = .seconds(5)

    /// Reads the beginning of partitions whose delivery continued at a later offset: what lies before was deleted unread.
    func watchGaps(_ parts: Parts) async {
        while await slept(for: Self.gapInterval) {
            for partition in gaps.waiting {
                let jobs = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
                guard let taken = gaps.take(partition) else { continue }
                guard let low = try? await parts.admin.watermarks(jobs, timeout: .seconds(5)).low else {
                    gaps.putBack(taken, of: partition)
                    continue
                }
                for unread in taken.unread(below: low) {
                    parts.sink.observe(
                        .unread(partition: partition, from: unread.lowerBound, to: unread.upperBound)
                    )
                }
            }
        }
    }

    /// Tries the addresses of the brokers while something does not work: the bootstrap servers may answer, and name
    /// addresses that cannot be reached from here. Rarely, and not while all is well, because brokers with TLS log each
    /// connection that sends nothing.
    func watchAddresses(_ parts: Parts) async {
        var before: Set<KafkaBroker> = []
        while await slept(for: Self.addressInterval) {
            let isAtWork = isGroupMember && parts.committer.isAbleToCommit
            guard !isAtWork || parts.monitor.isSuspicious else {
                before = []
                continue
            }
            guard let failures = try? await parts.admin.unreachableBrokers() else { continue }
            // Twice in a row: a broker that has just left stays in the metadata for some seconds.
            let lasting = failures.filter { before.contains($0.broker) }
            before = Set(failures.map(\.broker))
            guard let first = lasting.first else {
                parts.monitor.addresses(nil)
                continue
            }
            var problem = LogProblem(
                .brokerAddress,
                subject: lasting.map(\.broker.description).joined(separator: ", "),
                code: KafkaErrorCode.transport.name,
                message: first.message
            )
            problem.isPartial = isAtWork
            parts.monitor.addresses(problem)
        }
    }

    /// Partitions may be added while the worker runs; its share of the budget depends on how many there are.
    func watchPartitionCount(_ parts: Parts) async {
        var wait: Duration
        repeat {
            wait = .seconds(60)
            if let topic = try? await parts.admin.topic(configuration.topics.jobs) {
                parts.sink.partitionCount(topic.partitions.count)
            } else {
                wait = .seconds(2)
            }
        } while await slept(for: wait)
    }

    /// Reports the ends of this worker's partitions. Rarely, because it costs a request for each partition.
    func watchEnds(_ parts: Parts) async {
        var ends: [Int32: Int64]
        repeat {
            ends = [:]
            for partition in assignments.owned {
                let target = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
                guard let marks = try? await parts.admin.watermarks(target, timeout: .seconds(3)) else { continue }
                ends[partition] = marks.high
            }
            parts.sink.observe(.ends(ends))
        } while await slept(for: ends.isEmpty ? .seconds(2) : .seconds(10))
    }

    /// Reports how many jobs are unread: without that, a consumer that stands still looks like an empty topic.
    func watchBacklog(_ parts: Parts) async {
        var silences = LeaderSilences()
        var reported: (partitions: [Int32: LogProblem], isEvery: Bool) = ([:], false)
        repeat {
            let begun = assignments.begun
            let failures = await reportBacklogs(begun, parts)
            guard !Task.isCancelled else { return }
            for (partition, _, _) in begun {
                if let error = failures[partition] {
                    silences.failed(partition, LogProblem(error, configuration), at: .now)
                } else {
                    silences.answered(partition)
                }
            }
            silences.keep(begun.map(\.partition))
            let lasting = silences.lasting(at: .now)
            let isEvery = !lasting.isEmpty && lasting.count == begun.count
            guard lasting != reported.partitions || isEvery != reported.isEvery else { continue }
            reported = (lasting, isEvery)
            parts.sink.observe(.leadersSilent(lasting, isEvery: isEvery))
        } while await slept(for: configuration.backlogInterval)
    }

    /// Reports how far partitions can be read, several at a time: a leader that does not answer must not keep the others
    /// waiting.
    ///
    /// - Returns: why this is not known of some of them.
    private func reportBacklogs(
        _ begun: [(partition: Int32, epoch: UInt32, end: Int64?)],
        _ parts: Parts
    ) async -> [Int32: KafkaError] {
        await withTaskGroup(of: (Int32, KafkaError?).self) { group in
            var failures: [Int32: KafkaError] = [:]
            for (index, (partition, epoch, end)) in begun.enumerated() {
                if index >= 8, let (partition, error) = await group.next() { failures[partition] = error }
                group.addTask {
                    do throws(KafkaError) {
                        try await self.reportBacklog(partition, epoch, readUpTo: end, parts)
                        return (partition, nil)
                    } catch {
                        return (partition, error)
                    }
                }
            }
            for await (partition, error) in group { failures[partition] = error }
            return failures
        }
    }

    private func reportBacklog(
        _ partition: Int32,
        _ epoch: UInt32,
        readUpTo end: Int64?,
        _ parts: Parts
    ) async throws(KafkaError) {
        let jobs = KafkaTopicPartition(topic: configuration.topics.jobs, partition: partition)
        // The true end first: what is committed meanwhile is not taken for kept back.
        let all = try await parts.admin.watermarks(jobs, timeout: .seconds(3))
        let readable = try await parts.consumer.watermarks(jobs, timeout: .seconds(3))
        // The last offsets may be markers of other producers' transactions: read to the end is read to the end.
        // What an open one keeps back is not counted by the consumer's own watermark.
        let unread = end == readable.high ? nil : readable.high
        let keptBack = readable.high < all.high ? readable.high..<all.high : nil
        parts.sink.jobsEnd(partition: partition, epoch: epoch, JobsEnd(unreadUpTo: unread, keptBack: keptBack))
    }
}
