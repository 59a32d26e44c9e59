import CRDKafka
import Logging
import Primitives

// librdkafka's rebalance callback, which runs inside the consumer's poll and must assign or unassign before it
// returns.

extension ConsumerLoop {
    func rebalance(_ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        guard let handle else { return }
        let partitions = TopicPartitionEntry.entries(of: list).map(\.topicPartition)
        guard consumer.condition.withLock({ consumer.phase == .open }) else {
            return rebalanceWhileLeaving(code, partitions, handle)
        }
        let request = makeRequest(code, partitions, handle)
        deliverGathered(before: request)
        handler.consumer(consumer, rebalances: request)
        apply(waitForCompletion(of: request), to: request, handle)
    }

    /// A broker that refuses a heartbeat or a commit while a rebalance is in progress has excluded this member. librdkafka
    /// does not report the partitions as lost then: it joins again as another member and claims to own them. A group
    /// that believes it leaves them here, although another member may have owned and changed them meanwhile. The
    /// member's id shows this: the group that excludes a member never gives it the same id again.
    func makeRequest(
        _ code: rd_kafka_resp_err_t,
        _ partitions: [KafkaTopicPartition],
        _ handle: ClientHandle
    ) -> KafkaRebalanceRequest {
        let metadata = KafkaGroupMetadata(of: handle)
        let isSameMember = metadata?.memberID == memberID
        let kind: KafkaRebalanceRequest.Kind
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            kind = .assign
            hasBeenAssigned = true
            memberID = metadata?.memberID ?? ""
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            kind = isSameMember && rd_kafka_assignment_lost(handle.pointer) == 0 ? .revoke : .lost
        default:
            clientFailed(KafkaError(code, operation: "rebalance"))
            kind = .lost
        }
        let isCooperative =
            rd_kafka_rebalance_protocol(handle.pointer).map { String(cString: $0) } == "COOPERATIVE"
        return KafkaRebalanceRequest(
            kind: kind,
            rebalanceProtocol: isCooperative ? .cooperative : .eager,
            partitions: partitions,
            interrupted: kind == .assign && metadata != nil && !isSameMember ? Array(assigned) : [],
            // After an exclusion nothing may be committed before the next assignment.
            groupMetadata: kind == .assign || isSameMember ? metadata : nil,
            condition: consumer.condition
        )
    }

    /// Records of partitions that go are not delivered, so their next owner gets them. The others are delivered first: no
    /// operation that is called during the rebalance then finds records half way.
    func deliverGathered(before request: KafkaRebalanceRequest) {
        if request.kind != .assign {
            let gone = Set(request.partitions)
            gathered.destroy { gone.contains(self.topicPartition(of: $0)) }
        }
        deliverGathered()
    }

    private func topicPartition(of message: NativeMessage) -> KafkaTopicPartition {
        KafkaTopicPartition(topic: topicNames.name(of: message.pointee.rkt), partition: message.pointee.partition)
    }

    /// Waits until the request is completed, and serves commands meanwhile: completing it may take some. A consumer that
    /// closes waits no longer than that allows, and not at all for an assignment, which it will have revoked.
    func waitForCompletion(of request: KafkaRebalanceRequest) -> KafkaRebalanceRequest.Completion? {
        let clock = ContinuousClock()
        var deadline = clock.now + rebalanceTimeout
        let condition = consumer.condition
        while true {
            condition.lock()
            if let limits = consumer.closingLimits {
                deadline = min(deadline, limits.revocation)
                if request.kind == .assign, request.answer == nil {
                    condition.unlock()
                    return .init(paused: request.affected)
                }
            }
            if request.answer == nil, consumer.commands.isEmpty {
                _ = condition.wait(until: min(clock.now + Self.pollInterval, deadline))
            }
            let answer = request.answer
            // Commands that came after the answer rely on it: they run once the answer is applied.
            let waiting = answer == nil ? consumer.commands : []
            if answer == nil { consumer.commands.removeAll() }
            condition.unlock()
            if answer != nil { return answer }
            for command in waiting { command.run(self) }
            if clock.now >= deadline { return nil }
            handler.consumerPolled(consumer)
        }
    }

    private func apply(
        _ completion: KafkaRebalanceRequest.Completion?,
        to request: KafkaRebalanceRequest,
        _ handle: ClientHandle
    ) {
        switch request.kind {
        case .assign:
            assign(request, completion ?? .init(paused: request.affected), handle)
        case .revoke, .lost:
            unassign(request, handle)
        }
        if completion == nil { gaveUpWaiting(for: request) }
    }

    func gaveUpWaiting(for request: KafkaRebalanceRequest) {
        logger.error(
            "Kafka rebalance request not completed in time, continuing without it",
            metadata: ["kafka.rebalance": .string(request.kind.rawValue)]
        )
        handler.consumer(consumer, gaveUpWaitingFor: request)
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
        let pausing = completion.paused.intersection(request.affected)
        setPaused(true, pausing, handle)
        // Only what librdkafka still marks: resuming a partition that runs makes it read again from an older position.
        let marked = pausedWhenRevoked.intersection(request.partitions)
        setPaused(false, marked.subtracting(pausing), handle)
        pausedWhenRevoked.subtract(marked)
        paused.formUnion(pausing)
    }

    func unassign(_ request: KafkaRebalanceRequest, _ handle: ClientHandle) {
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

    func report(_ error: OpaquePointer?, _ operation: String) {
        if let error { clientFailed(KafkaError(consuming: error, operation: operation)) }
    }

    func report(_ code: rd_kafka_resp_err_t, _ operation: String) {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { clientFailed(KafkaError(code, operation: operation)) }
    }
}
