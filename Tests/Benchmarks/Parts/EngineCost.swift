import ExportCore

/// The decision logic alone: jobs through the worker's state machine, with single events and immediate responses to calls
/// and commits. No encoding, no I/O, one thread.
struct EngineCost {
    var jobs: Int
    var partitions: Int
    var accounts: Int
    private let start = EventTime(
        wall: Instant(milliseconds: 1_790_000_000_000),
        monotonic: MonotonicInstant(milliseconds: 0)
    )

    struct Result: Encodable {
        var jobs: Int
        var partitions: Int
        var accounts: Int
        var events: Int
        var microsecondsPerJob: Double
        /// A turn of the loop without anything to do, with its question for the next timer.
        var microsecondsPerIdleTurn: Double
        /// The memory of the assigned partitions, before their first job.
        var residentBytes: Int
    }

    private static let idleTurns = 1_000

    func measure() -> Result {
        let resident = Measure.residentBytes
        var run = Run(partitions: partitions, accounts: accounts, now: start)
        let bytes = Measure.residentBytes - resident
        // Fills the tables' first pages.
        run.take(1_000)
        let before = run.events
        let cpu = Measure.threadCPUSeconds
        run.take(jobs)
        let seconds = Measure.threadCPUSeconds - cpu
        precondition(run.ended == jobs + 1_000, "\(run.ended) jobs ended, not \(jobs + 1_000)")
        let events = run.events - before
        let idle = Measure.threadCPUSeconds
        for _ in 0..<Self.idleTurns { run.idle() }
        return Result(
            jobs: jobs,
            partitions: partitions,
            accounts: accounts,
            events: events,
            microsecondsPerJob: seconds * 1e6 / Double(jobs),
            microsecondsPerIdleTurn: (Measure.threadCPUSeconds - idle) * 1e6 / Double(Self.idleTurns),
            residentBytes: bytes
        )
    }

    private struct Run {
        var machine: WorkerMachine
        var now: EventTime
        var events = 0
        var ended = 0
        private var taken = 0
        private var offsets: [Int64]
        private var queue: [WorkerEvent] = []
        private let accounts: [String]

        init(partitions: Int, accounts: Int, now: EventTime) {
            var configuration = CoreConfiguration()
            self.accounts = (0..<accounts).map { "account-\($0)" }
            configuration.accounts = self.accounts
            configuration.requestsPerSecond = Array(repeating: 1e9, count: accounts)
            configuration.pollMinInterval = .milliseconds(100)
            machine = WorkerMachine(configuration)
            self.now = now
            offsets = Array(repeating: 0, count: partitions)
            handle(.partitionCount(partitions))
            for partition in 0..<Int32(partitions) {
                handle(.assigned(partition: partition, epoch: 1))
                let ends = RestoredEnds(committed: 0, low: 0, high: 0)
                handle(.restoreFinished(partition: partition, epoch: 1, ends))
            }
        }

        /// Adds a hundred jobs at a time, and advances the time until the last has ended.
        mutating func take(_ count: Int) {
            let wanted = ended + count
            var left = count
            while ended < wanted {
                if left > 0 {
                    receive(min(100, left))
                    left -= min(100, left)
                }
                now.wall = now.wall.advanced(by: .milliseconds(50))
                now.monotonic = now.monotonic.advanced(by: .milliseconds(50))
                handle(.tick)
            }
        }

        mutating func idle() {
            handle(.tick)
            _ = machine.nextWake(after: now)
        }

        private mutating func receive(_ count: Int) {
            let partition = taken / 100 % offsets.count
            let inputs = (0..<count).map { number in
                let account = accounts[(taken + number) % accounts.count]
                return JobInput(
                    offset: offsets[partition] + Int64(number),
                    content: .export(ExportJob(id: "job-\(taken + number)", kind: .payments, account: account)),
                    original: OriginalRecord(key: nil, value: nil)
                )
            }
            offsets[partition] += Int64(count)
            taken += count
            handle(.received(partition: Int32(partition), epoch: 1, inputs))
        }

        /// Handles an event and all events that follow from it.
        private mutating func handle(_ event: WorkerEvent) {
            queue.append(event)
            while let next = queue.popLast() {
                events += 1
                for action in machine.handle(next, at: now) {
                    switch action {
                    case .commit(let batch): queue.append(.committed(batch: batch.id))
                    case .call(let call): queue.append(.answered(call.token, Self.answer(call)))
                    case .report(.ended): ended += 1
                    default: break
                    }
                }
            }
        }

        private static func answer(_ call: Call) -> CallResult {
            switch call.token.kind {
            case .create: .created(requestID: "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4")
            default: .polled(.completed, url: "https://example.blob.core.windows.net/files/a.csv", expiresAt: nil)
            }
        }
    }
}
