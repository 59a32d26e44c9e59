import KafkaClient
import Synchronization
import WorkerRuntime

/// What the consumer tells, on the consumer's own thread.
final class ConsumerEvents: KafkaConsumerHandler {
    private let log: KafkaLog
    private let sink: any LogSink
    private let shared = Mutex<ConnectionMonitor?>(nil)

    init(log: KafkaLog, sink: any LogSink) {
        self.log = log
        self.sink = sink
    }

    var monitor: ConnectionMonitor? {
        get { shared.withLock { $0 } }
        set { shared.withLock { $0 = newValue } }
    }

    func consumerPolled(_ consumer: KafkaConsumer) { log.consumerHeartbeat.beat() }

    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
        sink.observe(.consumed(topic: log.configuration.topics.jobs, records: batch.count))
        log.pollSpan(batch.count)
        for run in batch.runs {
            // A partition that is being restored is paused; what arrives for one that has gone is nobody's.
            guard let epoch = log.assignments.epoch(ofBegun: run.topicPartition.partition) else { continue }
            let records = batch.records(of: run).map { record in
                LogRecord(
                    offset: record.offset,
                    key: record.key,
                    value: record.value,
                    headers: record.headers.map { LogHeader(name: $0.name, value: $0.value) }
                )
            }
            sink.received(partition: run.topicPartition.partition, epoch: epoch, records)
        }
    }

    func consumer(_ consumer: KafkaConsumer, reachedEndOf end: KafkaTopicPartitionOffset) {
        log.assignments.reachedEnd(of: end.topicPartition.partition, at: end.offset)
    }

    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
        let partitions = request.partitions.map(\.partition)
        sink.observe(.rebalanced(LogObservation.Rebalance(request.kind), partitions: partitions.count))
        switch request.kind {
        case .assign:
            // Only this comes from a broker for certain: a session that expires is lost without one.
            monitor?.reached()
            log.assignments.takeIn(request.groupMetadata)
            let assigned = log.assignments.assign(partitions, telling: sink)
            request.completePaused()
            log.restore(assigned)
            sink.generationChanged()
        case .revoke:
            let isWaiting = log.assignments.revoke(partitions, request, telling: sink)
            sink.generationChanged()
            if !isWaiting { request.complete() }
        case .lost:
            log.assignments.lose(partitions, request.groupMetadata, telling: sink)
            request.complete()
        }
    }

    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest) {
        // The partitions go without their last commit; the next owner begins where the one before left off.
        let partitions = request.partitions.map(\.partition)
        log.assignments.lose(partitions, request.groupMetadata, telling: sink)
    }

    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError) {
        switch error.fault {
        case .fenced where error.code == .fencedInstanceID:
            let configuration = log.configuration
            sink.failed(
                reason:
                    "Another worker has joined group '\(configuration.groupID)' with the WORKER_ID '\(configuration.workerID)', so this one ends. Give each worker of the group a WORKER_ID of its own."
            )
        case .fatal, .fenced: sink.failed(reason: "The Kafka consumer cannot go on: \(error)")
        case .closed: break
        case .configuration: monitor?.failed(error)
        case .retry, .abortTransaction, .staleGeneration, .rejected:
            if error.code == .allBrokersDown { monitor?.failed(error) }
            if error.code == .unknownTopicOrPartition { monitor?.failed(error) }
        }
    }
}

extension LogObservation.Rebalance {
    init(_ kind: KafkaRebalanceRequest.Kind) {
        switch kind {
        case .assign: self = .assigned
        case .revoke: self = .revoked
        case .lost: self = .lost
        }
    }
}
