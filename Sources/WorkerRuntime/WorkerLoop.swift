public import ExportCore
import ExportRecords
import Foundation
public import Logging

/// The engine's loop: one thread that feeds the machine from one queue and carries out what it decides.
///
/// The machine decides, this moves: events in from the log and the calls, actions out to them.
public final class WorkerLoop: Sendable {
    private let configuration: CoreConfiguration
    private let codec: RecordCodec
    private let tracing: JobTracing
    private let log: any LogPort
    private let exports: any ExportsPort
    private let clock: any WorkerClock
    private let observers: [any WorkerObserver]
    private let logger: Logger
    private let queue = EventQueue()
    /// When the loop last took a turn; liveness goes by it.
    public let heartbeat = Heartbeat()

    /// The longest the loop sleeps: its heartbeat must be seen.
    private static let longestSleep: Int64 = 1_000

    /// Creates a loop; nothing happens until `run`.
    ///
    /// - Parameters:
    ///   - configuration: what the decisions depend on.
    ///   - groupID: the consumer group, part of each event's source.
    ///   - jobsTopic: the jobs topic's name, for the headers of dead letters.
    ///   - resultsTopic: the results topic's name, for spans.
    ///   - clientID: this worker's name, for spans.
    ///   - log: the log.
    ///   - exports: the service and the file store.
    ///   - clock: the time of day.
    ///   - observers: who is told what happens.
    ///   - logger: where it is logged.
    public init(
        configuration: CoreConfiguration,
        groupID: String,
        jobsTopic: String,
        resultsTopic: String = "",
        clientID: String = "",
        log: any LogPort,
        exports: any ExportsPort,
        clock: any WorkerClock = SystemClock(),
        observers: [any WorkerObserver] = [],
        logger: Logger
    ) {
        self.configuration = configuration
        codec = RecordCodec(groupID: groupID, jobsTopic: jobsTopic)
        tracing = JobTracing(
            jobsTopic: jobsTopic,
            resultsTopic: resultsTopic,
            groupID: groupID,
            clientID: clientID
        )
        self.log = log
        self.exports = exports
        self.clock = clock
        self.observers = [ReportLogger(logger)] + observers
        self.logger = logger
    }

    // MARK: Asking and telling

    /// How the worker stands.
    public func status() async -> WorkerStatus? {
        await withCheckedContinuation { continuation in
            queue.post(.question(Answer { continuation.resume(returning: $0?.status()) }))
        }
    }

    /// The newest record of a job that one of this worker's partitions knows.
    public func record(ofJob id: String) async -> (partition: Int32, record: JobRecord)? {
        await withCheckedContinuation { continuation in
            queue.post(.question(Answer { continuation.resume(returning: $0?.record(ofJob: id)) }))
        }
    }

    /// A look at every open job; `nil` when the loop has ended. It takes the engine some time, so ask rarely.
    ///
    /// - Parameter limit: how many of the oldest jobs are told one by one.
    /// - Returns: what was found, and how long the engine took for it.
    public func survey(oldest limit: Int) async -> (found: JobSurvey, took: Duration)? {
        let clock = clock
        return await withCheckedContinuation { continuation in
            let answer = Answer { machine in
                let start = ContinuousClock.now
                guard let found = machine?.survey(oldest: limit, at: clock.now()) else {
                    return continuation.resume(returning: nil)
                }
                continuation.resume(returning: (found, ContinuousClock.now - start))
            }
            queue.post(.question(answer))
        }
    }

    /// The accounts' credentials may have changed: paused ones are tried at once.
    public func credentialsChanged() { queue.post(.event(.credentialsChanged)) }

    // MARK: Running

    /// Runs until it is stopped.
    ///
    /// - Parameter stop: ends when the worker is to stop.
    /// - Returns: how many jobs wait for the next owner.
    /// - Throws: ``WorkerFailure`` when the log cannot start or cannot go on.
    public func run(until stop: WorkerStop) async throws -> Int {
        let (calls, callContinuation) = AsyncStream.makeStream(of: [Call].self)
        let (outcomes, outcomeContinuation) = AsyncStream.makeStream(of: Result<Int, WorkerFailure>.self)
        let sink = QueueSink(queue: queue, codec: codec, tracing: tracing, failure: outcomeContinuation)
        let engine = Engine(
            machine: WorkerMachine(configuration),
            codec: codec,
            tracing: tracing,
            log: log,
            clock: clock,
            observers: observers,
            calls: callContinuation,
            outcome: outcomeContinuation
        )
        startThread(engine)

        // Starting waits for brokers, however long they are away; a stop must not wait for that.
        let starter = Task {
            do {
                try await log.start(sink)
            } catch {
                outcomeContinuation.yield(.failure(WorkerFailure(description: "\(error)")))
            }
        }
        let callRunner = Task { await self.make(calls) }
        let stopper = Task { await self.apply(stop, callRunner) }
        var outcome: Result<Int, WorkerFailure> = .success(0)
        for await first in outcomes {
            outcome = first
            break
        }
        starter.cancel()
        await starter.value
        stopper.cancel()
        callRunner.cancel()
        await log.close()
        queue.close()
        await callRunner.value
        return try outcome.get()
    }

    private func startThread(_ engine: Engine) {
        let (queue, heartbeat, clock) = (queue, heartbeat, clock)
        let thread = Thread {
            var engine = engine
            var wait: Int64 = 0
            while let messages = queue.take(waitingAtMost: min(wait, Self.longestSleep)) {
                heartbeat.beat()
                engine.take(messages)
                wait = engine.millisecondsUntilWake(from: clock.now())
            }
            engine.closed()
        }
        thread.name = "payout-engine"
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func make(_ calls: AsyncStream<[Call]>) async {
        await withDiscardingTaskGroup { group in
            for await some in calls {
                for call in some {
                    group.addTask(executorPreference: exports.executor(for: call)) { [exports, queue] in
                        let result = await exports.perform(call)
                        queue.post(.event(.answered(call.token, result)))
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func apply(_ stop: WorkerStop, _ callRunner: Task<Void, Never>) async {
        for await phase in stop.phases {
            switch phase {
            case .graceful: queue.post(.event(.stop))
            case .abandonCalls: callRunner.cancel()
            case .now: queue.post(.event(.stopNow))
            }
        }
    }
}

/// The log cannot go on in this process.
public struct WorkerFailure: Error, Sendable, CustomStringConvertible {
    /// What happened and what to do about it.
    public var description: String
}
