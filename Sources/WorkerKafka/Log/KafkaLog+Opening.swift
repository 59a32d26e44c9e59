import KafkaClient
import WorkerRuntime

extension KafkaLog {
    /// Makes the clients. One that cannot be made closes those before it.
    func open(_ sink: any LogSink) async throws -> Parts {
        var closing: [@Sendable () async -> Void] = []
        do {
            let committer = try makeCommitter(sink)
            closing.append { await committer.close(within: Self.patience) }
            let events = ConsumerEvents(log: self, sink: sink)
            var options = KafkaConsumer.Options()
            options.rebalanceTimeout = configuration.revocationTimeout
            options.reportsPartitionEnd = true
            options.groupProtocol = configuration.groupProtocol
            let consumer = try KafkaConsumer(
                configuration: configuration.memberConfiguration,
                groupID: configuration.groupID,
                options: options,
                handler: events,
                logger: logger
            )
            closing.append { await consumer.close() }
            let admin = try KafkaAdmin(configuration: configuration.kafka, logger: logger)
            closing.append { await admin.close() }
            let reader = try KafkaPartitionReader(configuration: configuration.kafka, logger: logger)
            closing.append { await reader.close() }
            let continuity = try ContinuityWatch(log: self, admin: admin)
            let monitor = ConnectionMonitor(configuration, probes: probes(consumer, reader), sink: sink)
            events.report(to: monitor, continuity)
            return Parts(
                sink: sink,
                consumer: consumer,
                admin: admin,
                reader: reader,
                committer: committer,
                monitor: monitor,
                continuity: continuity,
                stopped: StoppedPartitions(log: self, admin: admin, sink: sink),
                stateRetention: StateRetention(
                    admin: admin,
                    topic: configuration.topics.state,
                    assumed: tombstones
                )
            )
        } catch {
            for close in closing.reversed() { await close() }
            throw error
        }
    }

    private func makeCommitter(_ sink: any LogSink) throws -> any Committer {
        switch configuration.delivery {
        case .exactlyOnce:
            try TransactionalCommitter(configuration, limits, logger: logger) { problem in
                sink.observe(.producer(problem: problem))
            }
        case .atLeastOnce:
            try OffsetCommitter(configuration, limits, logger: logger) { [assignments] commit in
                assignments.fence(for: commit.positions) != nil
            }
        }
    }

    private func probes(_ consumer: KafkaConsumer, _ reader: KafkaPartitionReader) -> ConnectionMonitor.Probes {
        let jobs = KafkaTopicPartition(topic: configuration.topics.jobs, partition: 0)
        return ConnectionMonitor.Probes {
            do throws(KafkaError) {
                _ = try await consumer.watermarks(jobs, timeout: .seconds(5))
                return nil
            } catch {
                return error
            }
        } topic: { topic in
            await reader.probe(KafkaTopicPartition(topic: topic, partition: 0))
        } group: { [weak self] in
            guard let self, isGroupMember else { return false }
            return (try? await consumer.committed([jobs], timeout: .seconds(5))) != nil
        }
    }
}

extension KafkaPartitionReader {
    /// Reads from the end of a partition, to see whether that is permitted.
    ///
    /// - Returns: `nil` when no answer has come.
    fileprivate func probe(_ partition: KafkaTopicPartition) async -> Result<Void, KafkaError>? {
        do throws(KafkaError) {
            let cursor = try await open([partition: .end])
            let result: Result<Void, KafkaError>?
            do throws(KafkaError) {
                let hasRecords = try await cursor.next(maxCount: 1, waiting: .seconds(2)) != nil
                result = hasRecords || cursor.isAtEnd(of: partition) ? .success(()) : nil
            } catch {
                result = .failure(error)
            }
            await close(cursor)
            return result
        } catch {
            return .failure(error)
        }
    }
}
