import Dispatch
import Synchronization

/// Runs a body that blocks, and waits for its result, at most for a bound.
///
/// librdkafka has waits without an end. In 2.0.2, `rd_kafka_query_watermark_offsets` ignores its time-out after the request was
/// sent; `rd_kafka_consume_stop` has none; `rd_kafka_destroy` can hang, in 2.0.2 when an admin request that the broker does not
/// know has timed out. The thread then keeps running: a leak is better than a caller that waits forever.
/// - Returns: `nil` at the end of the bound.
func waiting<R: Sendable>(
    within bound: Duration,
    _ label: String = "kafka-bounded",
    _ body: @escaping @Sendable () -> R
) async -> R? {
    await withCheckedContinuation { continuation in
        let answer = BoundedAnswer(continuation, within: bound)
        startBlocking(label) { answer.resume(body()) }
    }
}

/// Runs a body that may block, on a thread that nothing else uses meanwhile.
///
/// Concurrent queues, the global ones included, have as many threads as the machine has cores, and Swift's tasks run on the same
/// threads: two calls that wait for a broker would hold up every task of a small machine. A serial queue gets a thread of its own.
func startBlocking(_ label: String, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue(label: label).async(execute: body)
}

/// Runs what is due at a time, and does not block, whatever Swift's tasks do.
let timerQueue = DispatchQueue(label: "kafka-timers")

/// Resumes a continuation once: with the first answer, or with `nil` at the end of the bound.
private final class BoundedAnswer<R: Sendable>: Sendable {
    private struct State {
        var waiter: CheckedContinuation<R?, Never>?
        var timer: (any DispatchSourceTimer)?
    }

    private let state: Mutex<State>

    init(_ continuation: CheckedContinuation<R?, Never>, within bound: Duration) {
        state = Mutex(State(waiter: continuation))
        state.withLock { state in
            let timer = DispatchSource.makeTimerSource(queue: timerQueue)
            timer.schedule(deadline: .now() + .milliseconds(Int(bound.milliseconds)))
            timer.setEventHandler { self.resume(nil) }
            timer.activate()
            state.timer = timer
        }
    }

    func resume(_ answer: R?) {
        let waiter = state.withLock { state in
            // A timer that is not cancelled keeps what it calls until its time.
            state.timer?.cancel()
            defer { state = State() }
            return state.waiter
        }
        waiter?.resume(returning: answer)
    }
}
