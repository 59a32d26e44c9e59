public import ExportCore
import ExportRecords
import Foundation

/// The engine's loop: one thread that passes events from one queue to the machine and executes its actions.
public final class WorkerLoop: Sendable {
    private let configuration: CoreConfiguration
    private let codec: RecordCodec
    private let tracing: JobTracing
    private let log: any LogPort
    private let exports: any ExportsPort
    let clock: any WorkerClock
    private let observers: [any WorkerObserver]
    let queue = EventQueue()
    private let transfers = Transfers()
    /// The time of the loop's last turn, for the liveness check.
    public let heartbeat = Heartbeat()

    /// The longest sleep of the loop in milliseconds, bounded for its heartbeat.
    private static let longestSleep: Int64 = 1_000

    /// Creates a loop. It does nothing before `run`.
    ///
    /// - Parameters:
    ///   - configuration: the configuration of the decisions.
    ///   - groupID: the consumer group, part of each event's source.
    ///   - jobsTopic: the jobs topic's name, for the headers of dead letters.
    ///   - resultsTopic: the results topic's name, for spans.
    ///   - clientID: this worker's name, for spans.
    ///   - log: the log.
    ///   - exports: the service and the file store.
    ///   - clock: the time.
    ///   - observers: receive what happens.
    public init(
        configuration: CoreConfiguration,
        groupID: String,
        jobsTopic: String,
        resultsTopic: String = "",
        clientID: String = "",
        log: any LogPort,
        exports: any ExportsPort,
        clock: any WorkerClock = SystemClock(),
        observers: [any WorkerObserver] = []
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
        self.observers = observers
    }

    // MARK: Status

    /// The worker's present state; `nil` when the loop has ended.
    public func status() async -> WorkerStatus? {
        await withCheckedContinuation { continuation in
            queue.post(.question(Answer { continuation.resume(returning: $0?.status()) }))
        }
    }

    /// The accounts' credentials may have changed: probes paused accounts at once.
    public func credentialsChanged() { queue.post(.event(.credentialsChanged)) }

    // MARK: Running

    /// Runs until it is stopped.
    ///
    /// - Parameter stop: ends when the worker is to stop.
    /// - Returns: how many jobs wait for the next owner.
    /// - Throws: ``WorkerFailure`` when the log cannot start or cannot continue.
    public func run(until stop: WorkerStop) async throws -> Int {
        let (calls, callContinuation) = AsyncStream.makeStream(of: [Call].self)
        let (outcomes, outcomeContinuation) = AsyncStream.makeStream(of: Result<Int, WorkerFailure>.self)
        let sink = QueueSink(queue: queue, codec: codec, tracing: tracing, failure: outcomeContinuation)
        let engine = Engine(
            machine: WorkerMachine(configuration),
            encoder: CommitEncoder(codec: codec, log: log, queue: queue),
            tracing: tracing,
            log: log,
            clock: clock,
            observers: observers,
            calls: callContinuation,
            transfers: transfers,
            outcome: outcomeContinuation
        )
        startThread(engine)
        let outcome = await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: exports.callExecutor) { await self.make(calls) }
            let outcome = await withDiscardingTaskGroup { group in
                // Starting waits for brokers while they are unreachable; a stop must not wait for that.
                group.addTask {
                    do {
                        try await self.log.start(sink)
                    } catch {
                        outcomeContinuation.yield(.failure(WorkerFailure(.notStarted("\(error)"))))
                    }
                }
                group.addTask { for await phase in stop.phases { self.apply(phase, callContinuation) } }
                defer { group.cancelAll() }
                return await outcomes.first { _ in true } ?? .success(0)
            }
            // Calls in flight are cancelled now and awaited last: the log's end does not wait for them.
            callContinuation.finish()
            await log.close(within: stop.timeToClose)
            queue.close()
            return outcome
        }
        return try outcome.get()
    }

    private func startThread(_ engine: Engine) {
        let (queue, heartbeat, clock) = (queue, heartbeat, clock)
        let thread = Thread {
            // The system shows the name only of a thread that names itself.
            Thread.current.name = "payout-engine"
            var engine = engine
            var wait: Int64 = 0
            while let messages = queue.dequeue(waitingAtMost: min(wait, Self.longestSleep)) {
                heartbeat.beat()
                engine.handle(messages)
                queue.reuse(consume messages)
                wait = engine.millisecondsUntilWake(from: clock.time())
            }
            engine.closed()
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Makes calls until their stream ends, then cancels those in flight and waits for them.
    private func make(_ calls: AsyncStream<[Call]>) async {
        await withDiscardingTaskGroup { group in
            for await some in calls {
                for call in some {
                    let executor = exports.executor(for: call)
                    if let executor, executor === exports.callExecutor {
                        // This task runs on the same thread, so that the request can be sent from here.
                        group.addImmediateTask { await self.perform(call) }
                    } else {
                        group.addTask(executorPreference: executor ?? globalConcurrentExecutor) {
                            await self.perform(call)
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// Makes one call and posts its result.
    nonisolated(nonsending) private func perform(_ call: Call) async {
        queue.post(.event(.answered(call.token, await result(of: call).bounded())))
    }

    nonisolated(nonsending) private func result(of call: Call) async -> CallResult {
        switch call.token.kind {
        case .create, .poll, .delete: await exports.perform(call, nil)
        case .download: await downloaded(call)
        case .manifest: await stored(call)
        }
    }

    // Not inlined, so that the frames of API calls stay small.
    @inline(never)
    nonisolated(nonsending) private func downloaded(_ call: Call) async -> CallResult {
        await transfers.run(call.token) { [exports] in await exports.perform(call, $0) }
    }

    @inline(never)
    nonisolated(nonsending) private func stored(_ call: Call) async -> CallResult {
        guard let manifest = codec.manifest(of: call) else { return .failed(.abandoned) }
        return await transfers.run(call.token) { [exports] _ in await exports.store(manifest) }
    }

    private func apply(_ phase: WorkerStop.Phase, _ calls: AsyncStream<[Call]>.Continuation) {
        switch phase {
        case .graceful: queue.post(.event(.stop))
        case .abandonCalls: calls.finish()
        case .now: queue.post(.event(.stopNow))
        }
    }
}
