import ServiceLifecycle
import WorkerRuntime

/// A part that runs until its task is cancelled, as a service.
///
/// Graceful shutdown cancels the part and waits for its end, at most for `patience`. The part is no child task, because it
/// may be in a call that cannot be cancelled, into librdkafka or into a file system that hangs, and a child would hold up
/// the end of the process for as long.
struct Background: Service {
    var patience: Duration = .seconds(1)
    let body: @Sendable () async -> Void

    func run() async {
        let task = Task { await body() }
        try? await gracefulShutdown()
        task.cancel()
        _ = await answer(within: patience) { await task.value }
    }
}
