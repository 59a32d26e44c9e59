import KafkaClient
import Logging

/// Reads the partitions of a topic without a consumer group.
struct TopicScan {
    /// Where reading starts.
    enum Start {
        case beginning
        case end
        /// At these offsets; other partitions from their beginning.
        case offsets([KafkaTopicPartition: Int64])
    }

    /// Whether the scan continues after a record.
    enum Step {
        case `continue`
        case stop
    }

    let access: KafkaAccess
    let admin: KafkaAdmin
    let reader: KafkaPartitionReader
    let topic: String

    /// The current end offsets of the partitions.
    func ends() async throws -> [KafkaTopicPartition: Int64] {
        try await watermarks().mapValues(\.high)
    }

    private func watermarks() async throws -> [KafkaTopicPartition: KafkaWatermarks] {
        var found: [KafkaTopicPartition: KafkaWatermarks] = [:]
        for partition in try await access.topic(topic, admin).partitions {
            let partition = KafkaTopicPartition(topic: topic, partition: partition.id)
            found[partition] = try await admin.watermarks(partition)
        }
        return found
    }

    /// Reads committed records up to the current ends of the partitions.
    ///
    /// - Parameter only: the partitions to read; `nil` for all.
    func read(
        from start: Start = .beginning,
        only: Set<Int32>? = nil,
        _ body: (KafkaRecord) throws -> Step
    ) async throws {
        var starts: [KafkaTopicPartition: KafkaStartOffset] = [:]
        var ends: [KafkaTopicPartition: Int64] = [:]
        for (partition, marks) in try await watermarks() where only?.contains(partition.partition) ?? true {
            let first = start.offset(in: partition, marks)
            guard first < marks.high else { continue }
            starts[partition] = .offset(first)
            ends[partition] = marks.high
        }
        guard !starts.isEmpty else { return }
        let progress = ScanProgress(topic: topic, starts: starts, ends: ends)
        defer { progress.clear() }
        try await withCursor(starts) { try await drain($0, ends, progress, body) }
    }

    /// Runs a body with an open cursor and closes the cursor.
    private func withCursor(
        _ starts: [KafkaTopicPartition: KafkaStartOffset],
        _ body: (KafkaPartitionCursor) async throws -> Void
    ) async throws {
        let cursor = try await reader.open(starts)
        do {
            try await body(cursor)
        } catch {
            await reader.close(cursor)
            throw error
        }
        await reader.close(cursor)
    }

    private func drain(
        _ cursor: KafkaPartitionCursor,
        _ ends: [KafkaTopicPartition: Int64],
        _ progress: ScanProgress,
        _ body: (KafkaRecord) throws -> Step
    ) async throws {
        let clock = ContinuousClock()
        var lastMove = clock.now
        var before: [KafkaTopicPartition: Int64] = [:]
        while true {
            try Task.checkCancellation()
            if let batch = try await cursor.next(maxCount: 5_000) {
                for run in batch.runs {
                    let end = ends[run.topicPartition] ?? 0
                    for record in batch.records(of: run) where record.offset < end {
                        if try body(record) == .stop { return }
                    }
                }
            }
            let positions = cursor.positions
            progress.show(positions)
            if ends.allSatisfy({ (positions[$0.key] ?? 0) >= $0.value }) { return }
            if positions != before {
                before = positions
                lastMove = clock.now
            } else if clock.now - lastMove > .seconds(30) {
                throw CommandFailure(
                    "Reading \(topic) makes no progress. A producer may have left a transaction open. Try again in a minute."
                )
            }
        }
    }

    /// Reads committed records as they arrive, until the body stops the scan or the task is cancelled.
    ///
    /// - Parameter idle: called whenever no record arrived for a short time.
    func follow(
        from start: Start,
        idle: () throws -> Step = { .continue },
        _ body: (KafkaRecord) throws -> Step
    ) async throws {
        var starts: [KafkaTopicPartition: KafkaStartOffset] = [:]
        for (partition, marks) in try await watermarks() {
            starts[partition] = .offset(start.offset(in: partition, marks))
        }
        try await withCursor(starts) { try await follow($0, idle, body) }
    }

    private func follow(
        _ cursor: KafkaPartitionCursor,
        _ idle: () throws -> Step,
        _ body: (KafkaRecord) throws -> Step
    ) async throws {
        while true {
            try Task.checkCancellation()
            var batch: KafkaRecordBatch?
            do {
                batch = try await cursor.next(waiting: .milliseconds(200))
            } catch {
                // The broker may come back, so a transient error does not end the scan.
                guard error.fault == .retry else { throw error }
                access.logger.warning("Kafka is unreachable, retrying", metadata: ["error.message": "\(error)"])
                try await Task.sleep(for: .seconds(1))
            }
            guard let batch else {
                if try idle() == .stop { return }
                continue
            }
            for record in batch {
                if try body(record) == .stop { return }
            }
        }
    }
}

/// The progress of a long scan on the terminal.
private struct ScanProgress {
    private let topic: String
    private let starts: [KafkaTopicPartition: Int64]
    private let ends: [KafkaTopicPartition: Int64]
    private let line = ProgressLine()
    private let begin = ContinuousClock.now
    /// Shorter scans show no progress.
    private static let patience: Duration = .seconds(1)

    init(topic: String, starts: [KafkaTopicPartition: KafkaStartOffset], ends: [KafkaTopicPartition: Int64]) {
        self.topic = topic
        self.starts = starts.compactMapValues { if case .offset(let offset) = $0 { offset } else { nil } }
        self.ends = ends
    }

    func show(_ positions: [KafkaTopicPartition: Int64]) {
        guard ContinuousClock.now - begin > Self.patience else { return }
        var (done, all) = (0.0, 0.0)
        for (partition, end) in ends {
            let start = starts[partition] ?? 0
            done += Double(min(end, max(start, positions[partition] ?? start)) - start)
            all += Double(end - start)
        }
        let share = all > 0 ? done / all : 1
        line.show("Reading \(topic) \(ProgressLine.bar(share)) \(Int(share * 100)) %")
    }

    func clear() { line.clear() }
}

extension TopicScan.Start {
    fileprivate func offset(in partition: KafkaTopicPartition, _ marks: KafkaWatermarks) -> Int64 {
        switch self {
        case .beginning: marks.low
        case .end: marks.high
        case .offsets(let offsets): max(marks.low, offsets[partition] ?? marks.low)
        }
    }
}
