import CRDKafka
import Foundation
import Logging

// librdkafka's rebalance callback, which runs inside the consumer's poll and must assign or unassign before it
// returns.

extension KafkaConsumer {
    func rebalance(_ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        guard let handle else { return }
        hasRebalanced = true
        let partitions = TopicPartitionEntry.entries(of: list).map(\.topicPartition)
        let kind: KafkaRebalanceRequest.Kind
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: kind = .assign
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            kind = rd_kafka_assignment_lost(handle.pointer) != 0 ? .lost : .revoke
        default:
            clientFailed(KafkaError(code, operation: "rebalance"))
            kind = .lost
        }
        let isCooperative =
            rd_kafka_rebalance_protocol(handle.pointer).map { String(cString: $0) } == "COOPERATIVE"
        let request = KafkaRebalanceRequest(
            kind: kind,
            rebalanceProtocol: isCooperative ? .cooperative : .eager,
            partitions: partitions,
            groupMetadata: KafkaGroupMetadata(of: handle.pointer),
            condition: condition
        )
        // Records of partitions that go were never handed out, so their next owner gets them. The others are
        // delivered first: no operation that is called during the rebalance then finds records half way.
        if kind != .assign {
            let gone = Set(partitions)
            gathered.destroy { gone.contains(self.topicPartition(of: $0)) }
        }
        deliverGathered()
        handler.consumer(self, rebalances: request)
        apply(waitForCompletion(of: request), to: request, handle)
    }

    private func topicPartition(of message: NativeMessage) -> KafkaTopicPartition {
        KafkaTopicPartition(topic: topicNames.name(of: message.pointee.rkt), partition: message.pointee.partition)
    }

    /// Waits until the request is completed, and serves commands meanwhile: completing it may take some.
    private func waitForCompletion(of request: KafkaRebalanceRequest) -> KafkaRebalanceRequest.Completion? {
        let clock = ContinuousClock()
        let deadline = clock.now + options.rebalanceTimeout
        while true {
            condition.lock()
            if request.answer == nil, commands.isEmpty {
                let slice = min(options.pollInterval, deadline - clock.now)
                _ = condition.wait(until: Date(timeIntervalSinceNow: Double(slice.milliseconds) / 1000))
            }
            let answer = request.answer
            // What was asked for after the answer counts on it: that runs once the answer is applied.
            let waiting = answer == nil ? commands : []
            if answer == nil { commands.removeAll() }
            condition.unlock()
            if answer != nil { return answer }
            for command in waiting { command.run(self) }
            if clock.now >= deadline { return nil }
            handler.consumerPolled(self)
        }
    }

    private func apply(
        _ completion: KafkaRebalanceRequest.Completion?,
        to request: KafkaRebalanceRequest,
        _ handle: ClientHandle
    ) {
        switch request.kind {
        case .assign:
            assign(request, completion ?? .init(paused: Set(request.partitions)), handle)
        case .revoke, .lost:
            unassign(request, handle)
        }
        guard completion == nil else { return }
        logger.error(
            "Kafka rebalance went on without an answer",
            metadata: ["kafka.rebalance": .string(request.kind.rawValue)]
        )
        handler.consumer(self, gaveUpWaitingFor: request)
    }

    private func assign(
        _ request: KafkaRebalanceRequest,
        _ completion: KafkaRebalanceRequest.Completion,
        _ handle: ClientHandle
    ) {
        let list = TopicPartitionList(capacity: request.partitions.count)
        for partition in request.partitions {
            list.add(partition, offset: completion.offsets[partition] ?? Int64(RD_KAFKA_OFFSET_INVALID))
        }
        switch request.rebalanceProtocol {
        case .cooperative:
            report(rd_kafka_incremental_assign(handle.pointer, list.pointer), "assign partitions")
        case .eager:
            report(rd_kafka_assign(handle.pointer, list.pointer), "assign partitions")
            assigned = []
            paused = []
        }
        assigned.formUnion(request.partitions)
        progress.forget(request.partitions)
        // This thread is the one that polls, so nothing is delivered between the assignment and the pause.
        let pausing = completion.paused.intersection(request.partitions)
        setPaused(true, pausing, handle)
        // Only what librdkafka still marks: resuming a partition that runs makes it read again from an older position.
        let marked = pausedWhenRevoked.intersection(request.partitions)
        setPaused(false, marked.subtracting(pausing), handle)
        pausedWhenRevoked.subtract(marked)
        paused.formUnion(pausing)
    }

    private func unassign(_ request: KafkaRebalanceRequest, _ handle: ClientHandle) {
        progress.forget(request.partitions)
        switch request.rebalanceProtocol {
        case .cooperative:
            let list = TopicPartitionList(request.partitions)
            report(rd_kafka_incremental_unassign(handle.pointer, list.pointer), "unassign partitions")
            assigned.subtract(request.partitions)
            pausedWhenRevoked.formUnion(paused.intersection(request.partitions))
            paused.subtract(request.partitions)
        case .eager:
            report(rd_kafka_assign(handle.pointer, nil), "unassign partitions")
            assigned = []
            pausedWhenRevoked.formUnion(paused)
            paused = []
        }
    }

    /// Sets librdkafka's mark on each of the partitions.
    private func setPaused(_ pausing: Bool, _ partitions: Set<KafkaTopicPartition>, _ handle: ClientHandle) {
        guard !partitions.isEmpty else { return }
        let list = TopicPartitionList(partitions)
        report(
            pausing
                ? rd_kafka_pause_partitions(handle.pointer, list.pointer)
                : rd_kafka_resume_partitions(handle.pointer, list.pointer),
            pausing ? "pause partitions" : "resume partitions"
        )
        for entry in list.entries where entry.error != RD_KAFKA_RESP_ERR_NO_ERROR {
            clientFailed(
                KafkaError(
                    entry.error,
                    operation: pausing ? "pause partitions" : "resume partitions",
                    topicPartition: entry.topicPartition
                )
            )
        }
    }

    private func report(_ error: OpaquePointer?, _ operation: String) {
        if let error { clientFailed(KafkaError(consuming: error, operation: operation)) }
    }

    private func report(_ code: rd_kafka_resp_err_t, _ operation: String) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { clientFailed(KafkaError(code, operation: operation)) }
    }
}
