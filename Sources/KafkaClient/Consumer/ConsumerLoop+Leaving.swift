import CRDKafka
import Logging
import Primitives

extension ConsumerLoop {
    /// librdkafka's rebalance callback while the member leaves. Releases what the group revokes, and declines assignments.
    ///
    /// An assignment without an answer would stop the group's rebalance and librdkafka's shutdown. An accepted one would read
    /// offsets that may wait for another member's transaction.
    func rebalanceWhileLeaving(
        _ code: rd_kafka_resp_err_t,
        _ partitions: [KafkaTopicPartition],
        _ handle: ClientHandle
    ) {
        let isAssignment = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
        if isAssignment { hasBeenAssigned = true }
        if isTerminating {
            // librdkafka treats the first answer as the release of all partitions, and may then end the membership. A second
            // callback can still be queued: a call into librdkafka from there would never return.
            guard !hasAnsweredTermination else { return }
            hasAnsweredTermination = true
        }
        let released: Set<KafkaTopicPartition> =
            isTerminating ? assigned : isAssignment ? [] : assigned.intersection(partitions)
        let request = makeRequest(
            isAssignment ? RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS : code,
            Array(released),
            handle
        )
        let isCompleted = released.isEmpty || ask(request)
        if isAssignment, !isTerminating {
            logger.debug("Kafka assignment declined because the consumer is closing")
            assignNothing(request.rebalanceProtocol, handle)
        } else {
            unassign(request, handle)
        }
        if !isCompleted { gaveUpWaiting(for: request) }
    }

    /// Passes a request to the handler and waits for its completion.
    ///
    /// - Returns: whether it was completed in time. True once ``KafkaConsumer/close(within:)`` has returned: the handler is not
    ///   called any more.
    private func ask(_ request: KafkaRebalanceRequest) -> Bool {
        guard consumer.condition.withLock({ consumer.phase != .closed }) else { return true }
        deliverGathered(before: request)
        handler.consumer(consumer, rebalances: request)
        return waitForCompletion(of: request) != nil
    }

    /// Assigns nothing, which ends the rebalance.
    private func assignNothing(_ kind: KafkaRebalanceRequest.RebalanceProtocol, _ handle: ClientHandle) {
        let nothing = TopicPartitionList(capacity: 0)
        switch kind {
        case .cooperative:
            report(rd_kafka_incremental_assign(handle.pointer, nothing.pointer), "decline an assignment")
        case .eager:
            report(rd_kafka_assign(handle.pointer, nothing.pointer), "decline an assignment")
        }
    }
}
