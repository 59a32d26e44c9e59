import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka

/// Sends a command that concerns every partition, and waits a short time until the workers have decided it.
struct ControlWatch {
    let access: KafkaAccess

    struct Outcome {
        var partitions: Int
        /// Partitions whose worker has not read the command yet.
        var pending: Int

        /// - Parameter what: what is in effect once the workers have decided, as a sentence without its end.
        func text(_ what: String) -> String {
            let all = Formatting.count(partitions, "partition")
            guard pending > 0 else { return "\(what), in \(all)." }
            return
                "Sent to \(all), and not in effect yet in \(pending): no worker has read it there. 'payout-worker status' shows the pauses in effect."
        }
    }

    private static let patience: Duration = .seconds(5)

    /// - Throws: ``CommandFailure`` with the reason where a worker refuses the command.
    func send(_ record: OutgoingRecord) async throws -> Outcome {
        try await access.withAdmin { admin in
            try await access.withReader { reader in
                let scan = { TopicScan(access: access, admin: admin, reader: reader, topic: $0) }
                let (state, deadLetters) = (scan(access.topics.state), scan(access.topics.deadLetter))
                let (states, letters) = (try await state.ends(), try await deadLetters.ends())
                let partitions = try await ControlSender(access: access).send(record)
                let ends = try await scan(access.topics.jobs).ends()
                let pending = Pending(ends: Dictionary(ends.map { ($0.key.partition, $0.value) }) { $1 })
                let limit = ContinuousClock.now + Self.patience
                try await state.follow(
                    from: .offsets(states),
                    idle: { pending.ends.isEmpty || ContinuousClock.now >= limit ? .stop : .continue },
                    { pending.receive($0) || ContinuousClock.now >= limit ? .stop : .continue }
                )
                try await deadLetters.read(from: .offsets(letters)) { letter in
                    guard let document = DeadLetterEntry(letter)?.document,
                        document.original.key == Array(JobLimits.controlKey.utf8), let reason = document.reason
                    else { return .continue }
                    throw CommandFailure("The command is refused: \(reason)")
                }
                return Outcome(partitions: partitions, pending: pending.ends.count)
            }
        }
    }
}

/// The partitions that have not been decided up to an offset.
private final class Pending {
    private(set) var ends: [Int32: Int64]

    init(ends: [Int32: Int64]) { self.ends = ends }

    /// Whether all partitions are decided after this record of the state topic.
    func receive(_ record: KafkaRecord) -> Bool {
        if let end = ends[record.partition],
            let decided = (try? StateCodec().decode(key: record.key, value: record.value))?.decided,
            decided.offset >= end
        {
            ends[record.partition] = nil
        }
        return ends.isEmpty
    }
}
