import CRDKafka
import Primitives

// Operations for any thread. What is quick runs on the consumer's thread, between two polls or inside a rebalance;
// what waits for a broker runs on threads of its own.

extension KafkaConsumer {
    /// Joins the group for these topics, in place of those before. The first rebalance request follows.
    public func subscribe(_ topics: [String]) async throws(KafkaError) {
        try await onThread("subscribe") { (loop, client) throws(KafkaError) in
            let list = TopicPartitionList(capacity: topics.count)
            for topic in topics { list.add(KafkaTopicPartition(topic: topic, partition: -1)) }
            try KafkaError.check(rd_kafka_subscribe(client, list.pointer), "subscribe")
            loop.hasSubscribed = true
        }
    }

    /// Leaves the group and joins it again, a static member too: the group assigns all its partitions again. What this
    /// member holds is revoked first, by an ordinary request to the handler.
    /// - Parameter topics: The topics to join for.
    public func rejoin(_ topics: [String]) async throws(KafkaError) {
        try await onThread("leave group") { (_, client) throws(KafkaError) in
            try KafkaError.check(rd_kafka_unsubscribe(client), "leave group")
        }
        // The revocation is served by the polls in between, and bounded by the handler's own time-out.
        while try await !assignment().isEmpty { try await Self.pause(.milliseconds(20), "rejoin group") }
        try await subscribe(topics)
    }

    /// Stops delivery of these partitions. None of their records is delivered after it returns.
    ///
    /// Resuming costs a new fetch, so pause and resume with hysteresis.
    /// - Throws: ``KafkaFault/rejected`` for a partition that is not assigned; the others are paused then.
    public func pause(_ partitions: [KafkaTopicPartition]) async throws(KafkaError) {
        try await onThread("pause") { (loop, client) throws(KafkaError) in
            let wanted = partitions.filter { !loop.paused.contains($0) }
            let mine = wanted.filter(loop.assigned.contains)
            if !mine.isEmpty {
                let list = TopicPartitionList(mine)
                try KafkaError.check(rd_kafka_pause_partitions(client, list.pointer), "pause")
                loop.paused.formUnion(mine)
                try KafkaError.check(list.entries, "pause")
            }
            try Self.refuse(wanted.first { !loop.assigned.contains($0) }, "pause")
        }
    }

    /// Delivers these partitions again, from where they were paused or sought to. Does nothing for one that is not
    /// paused.
    /// - Throws: ``KafkaFault/rejected`` for a partition that is not assigned; the others are resumed then.
    public func resume(_ partitions: [KafkaTopicPartition]) async throws(KafkaError) {
        try await onThread("resume") { (loop, client) throws(KafkaError) in
            // Resuming what is not paused would make librdkafka read again from an older position.
            let mine = partitions.filter(loop.paused.contains)
            if !mine.isEmpty {
                let list = TopicPartitionList(mine)
                try KafkaError.check(rd_kafka_resume_partitions(client, list.pointer), "resume")
                loop.paused.subtract(mine)
                loop.wakeFetcher(of: mine)
                try KafkaError.check(list.entries, "resume")
            }
            try Self.refuse(partitions.first { !loop.assigned.contains($0) }, "resume")
        }
    }

    /// Continues an assigned partition at this offset. A paused partition stays paused.
    ///
    /// Waits until the partition's reader has started, at most `timeout`: after an assignment without an offset
    /// librdkafka first asks the broker where to begin.
    public func seek(
        _ target: KafkaTopicPartitionOffset,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while true {
            let code = try await seekOnce(target)
            switch code {
            case RD_KAFKA_RESP_ERR_NO_ERROR: return
            case RD_KAFKA_RESP_ERR__STATE, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__TIMED_OUT:
                guard clock.now < deadline else {
                    var error = KafkaError(code, operation: "seek", topicPartition: target.topicPartition)
                    error.fault = .retry
                    throw error
                }
                try await Self.pause(.milliseconds(10), "seek")
            default: throw KafkaError(code, operation: "seek", topicPartition: target.topicPartition)
            }
        }
    }

    private func seekOnce(_ target: KafkaTopicPartitionOffset) async throws(KafkaError) -> rd_kafka_resp_err_t {
        try await onThread("seek") { (loop, client) throws(KafkaError) in
            guard loop.assigned.contains(target.topicPartition) else {
                throw Self.notAssigned(target.topicPartition, "seek")
            }
            let list = TopicPartitionList([target])
            // Answered by librdkafka's own threads, without a broker: this wait is short.
            if let error = rd_kafka_seek_partitions(client, list.pointer, 1000) {
                let code = rd_kafka_error_code(error)
                rd_kafka_error_destroy(error)
                return code
            }
            let code = list.entries.first?.error ?? RD_KAFKA_RESP_ERR_NO_ERROR
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                loop.progress.sought(target.topicPartition, to: target.offset)
            }
            return code
        }
    }

    /// The partitions that are assigned at present.
    public func assignment() async throws(KafkaError) -> Set<KafkaTopicPartition> {
        try await onThread("assignment") { (loop, _) throws(KafkaError) in loop.assigned }
    }

    /// The group's committed offsets; `nil` where there is none.
    ///
    /// It waits for pending transactions that carry offsets of these partitions, another member's too, for up to
    /// `timeout`. A consumer that is closing cannot ask any more.
    public func committed(
        _ partitions: [KafkaTopicPartition],
        timeout: Duration = .seconds(30)
    ) async throws(KafkaError) -> [KafkaTopicPartition: Int64?] {
        guard !partitions.isEmpty else { return [:] }
        let operation = "read committed offsets"
        return try await blocking(operation) { [self] (client) throws(KafkaError) in
            let clock = ContinuousClock()
            let deadline = clock.now + timeout
            while true {
                // In slices, so that closing does not have to wait for the whole time-out.
                guard condition.withLock({ phase == .open }) else { throw .closed(operation) }
                let list = TopicPartitionList(partitions)
                let slice = min(max(deadline - clock.now, .zero), .seconds(3))
                let code = rd_kafka_committed(client, list.pointer, slice.milliseconds)
                if code == RD_KAFKA_RESP_ERR__TIMED_OUT, clock.now < deadline { continue }
                try KafkaError.check(code, operation)
                try KafkaError.check(list.entries, operation)
                return Self.offsets(list.entries)
            }
        }
    }

    /// The ends of a partition, read from the broker.
    ///
    /// `high` is the end of what this consumer may read, which an open transaction holds down. For the true end see
    /// ``KafkaAdmin/watermarks(_:timeout:)``.
    public func watermarks(
        _ partition: KafkaTopicPartition,
        timeout: Duration = .seconds(10)
    ) async throws(KafkaError) -> KafkaWatermarks {
        try await blocking("read watermarks") { (client) throws(KafkaError) in
            try queryWatermarks(client, partition, timeout)
        }
    }

    /// This member's place in its group at present, with which a transaction is fenced under ``KafkaGroupProtocol/consumer``.
    ///
    /// The member's epoch changes while its partitions stay, without a request. A member that was excluded joins again, under
    /// a new epoch, only when its handler has completed the loss of its partitions. So check **after** this call that the
    /// transaction's partitions are still those that the handler was given.
    /// - Returns: `nil` while the group excludes the member, or has taken its partitions away.
    public func groupMetadata() async throws(KafkaError) -> KafkaGroupMetadata? {
        guard let handle else { throw .closed("read group metadata") }
        let groupProtocol = groupProtocol
        return try await blocking("read group metadata") { (client) throws(KafkaError) in
            let metadata = KafkaGroupMetadata(of: handle, groupProtocol)
            return rd_kafka_assignment_lost(client) == 0 ? metadata : nil
        }
    }

    /// Whether librdkafka has ended this consumer, so that it needs a new one.
    public var hasEnded: Bool { condition.withLock { phase == .open ? handle?.fatalError != nil : false } }

    /// Commits offsets of this member, outside of any transaction, and waits for the broker.
    /// - Throws: ``KafkaFault/staleGeneration`` when the group has moved on.
    public func commit(_ offsets: [KafkaTopicPartitionOffset]) async throws(KafkaError) {
        guard !offsets.isEmpty else { return }
        try await blocking("commit offsets") { (client) throws(KafkaError) in
            let list = TopicPartitionList(offsets)
            try KafkaError.check(rd_kafka_commit(client, list.pointer, 0), "commit offsets")
            try KafkaError.check(list.entries, "commit offsets")
        }
    }
}

extension KafkaConsumer {
    /// Runs the body on the consumer's thread.
    private func onThread<R: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (ConsumerLoop, OpaquePointer) throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let result: Result<R, KafkaError> = await withCheckedContinuation { continuation in
            let command = Command(
                run: { loop in
                    guard let handle = loop.handle else { return }
                    continuation.resume(returning: Result { () throws(KafkaError) in try body(loop, handle.pointer) })
                },
                refuse: { continuation.resume(returning: .failure(.closed(operation))) }
            )
            let isClosed = condition.withLock {
                if phase == .closed { return true }
                commands.append(command)
                wake()
                return false
            }
            if isClosed { command.refuse() }
        }
        return try result.get()
    }

    /// - Throws: ``KafkaFault/retry`` when the task is cancelled.
    private static func pause(_ duration: Duration, _ operation: String) async throws(KafkaError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw KafkaError(RD_KAFKA_RESP_ERR__INTR, operation: operation, message: "the task was cancelled")
        }
    }

    /// Runs the body, which waits for a broker, on a thread made for such calls.
    private func blocking<R: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        guard let handle else { throw .closed(operation) }
        return try await blockingCalls.run(operation) { () throws(KafkaError) in try body(handle.pointer) }
    }

    private static func offsets(_ entries: [TopicPartitionEntry]) -> [KafkaTopicPartition: Int64?] {
        var offsets: [KafkaTopicPartition: Int64?] = [:]
        for entry in entries {
            offsets.updateValue(entry.offset < 0 ? nil : entry.offset, forKey: entry.topicPartition)
        }
        return offsets
    }

    private static func refuse(_ partition: KafkaTopicPartition?, _ operation: String) throws(KafkaError) {
        if let partition { throw notAssigned(partition, operation) }
    }

    private static func notAssigned(_ partition: KafkaTopicPartition, _ operation: String) -> KafkaError {
        KafkaError(
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            operation: operation,
            topicPartition: partition,
            message: "the partition is not assigned to this consumer"
        )
    }
}
