import KafkaClient
import Logging
import Synchronization
import WorkerRuntime

/// The consumer's handler, on the consumer's own thread: passes records, rebalances and errors to the engine's sink, to
/// `Assignments` and to the watches. `KafkaLog` makes one for its consumer.
final class ConsumerEvents: KafkaConsumerHandler {
    private let log: KafkaLog
    private let sink: any LogSink
    /// What errors and records are reported to, once it exists: it needs the consumer.
    private let watches = Mutex<(monitor: ConnectionMonitor, continuity: ContinuityWatch)?>(nil)

    init(log: KafkaLog, sink: any LogSink) {
        self.log = log
        self.sink = sink
    }

    private var monitor: ConnectionMonitor? { watches.withLock { $0?.monitor } }
    private var continuity: ContinuityWatch? { watches.withLock { $0?.continuity } }

    func report(to monitor: ConnectionMonitor, _ continuity: ContinuityWatch) {
        watches.withLock { $0 = (monitor, continuity) }
    }

    func consumerPolled(_ consumer: KafkaConsumer) { log.consumerHeartbeat.beat() }

    func consumer(_ consumer: KafkaConsumer, received batch: KafkaRecordBatch) {
        sink.observe(.consumed(topic: log.configuration.topics.jobs, records: batch.count))
        log.pollSpan(batch.count)
        let bounds = CopyBounds(log.limits.current)
        for run in batch.runs {
            // A partition that is being restored is paused, and records of one that was revoked are for its next owner.
            let partition = run.topicPartition.partition
            guard let epoch = log.assignments.epoch(ofBegun: partition) else {
                if log.assignments.losesRecords(of: partition) {
                    log.logger.error(
                        "Records arrived before delivery of their partition began",
                        metadata: ["partition": "\(partition)"]
                    )
                }
                continue
            }
            let records = batch.records(of: run).map { bounds.copy($0) }
            log.gaps.delivered(run.topicPartition.partition, epoch, records.map(\.offset))
            continuity?.delivered(run.topicPartition.partition, epoch, records)
            sink.received(partition: run.topicPartition.partition, epoch: epoch, records)
        }
    }

    func consumer(_ consumer: KafkaConsumer, reachedEndOf end: KafkaTopicPartitionOffset) {
        let partition = end.topicPartition.partition
        log.assignments.reachedEnd(of: partition, at: end.offset)
        if let epoch = log.assignments.epoch(ofBegun: partition) {
            log.gaps.reachedEnd(partition, epoch, at: end.offset)
        }
    }

    func consumer(_ consumer: KafkaConsumer, rebalances request: KafkaRebalanceRequest) {
        let partitions = request.partitions.map(\.partition)
        sink.observe(.rebalanced(LogObservation.Rebalance(request.kind), partitions: partitions.count))
        switch request.kind {
        case .assign:
            // Only this comes from a broker for certain: a session that expires is lost without one.
            monitor?.groupAnswered()
            let interrupted = request.interrupted.map(\.partition).sorted()
            if !interrupted.isEmpty {
                log.logger.warning(
                    "The group had excluded this worker, restoring the partitions that it keeps",
                    metadata: ["partitions": "\(interrupted.map(String.init).joined(separator: ","))"]
                )
            }
            let assigned = log.assignments.assign(
                partitions,
                interrupted: interrupted,
                under: request.groupMetadata,
                reportingTo: sink
            )
            // Partitions may have been added: the producer would learn of them minutes later.
            log.refreshProducer()
            request.completePaused()
            log.restore(assigned)
            sink.generationChanged()
        case .revoke:
            let isWaiting = log.assignments.revoke(partitions, request, reportingTo: sink)
            sink.generationChanged()
            if !isWaiting { request.complete() }
        case .lost:
            log.assignments.lose(partitions, request.groupMetadata, isExcluded: true, reportingTo: sink)
            request.complete()
        }
    }

    func consumer(_ consumer: KafkaConsumer, gaveUpWaitingFor request: KafkaRebalanceRequest) {
        // The partitions move without their last commit: the next owner begins at the commit before.
        let partitions = request.partitions.map(\.partition)
        log.assignments.lose(partitions, request.groupMetadata, isExcluded: false, reportingTo: sink)
    }

    func consumer(_ consumer: KafkaConsumer, failed error: KafkaError) {
        switch error.fault {
        case .fenced where error.code == .fencedInstanceID:
            let configuration = log.configuration
            sink.failed(.workerIDInUse(workerID: configuration.workerID, groupID: configuration.groupID))
        case .fatal, .fenced: sink.failed(.consumerFailed("\(error)"))
        case .closed: break
        case .configuration where consumer.hasEnded && log.configuration.groupProtocol == .consumer:
            sink.failed(.groupProtocolRefused("\(error)"))
        case .configuration: monitor?.failed(error)
        case .retry, .abortTransaction, .staleGeneration, .rejected:
            switch error.code {
            case .allBrokersDown, .transport, .unresolved, .badMessage, .unknownTopicOrPartition: monitor?.failed(error)
            default: break
            }
            // The topic may have been deleted and created again.
            if ![.allBrokersDown, .transport, .timedOut].contains(error.code) { continuity?.suspect() }
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
