import ExportCore
import WorkerRuntime

/// Counts and times calls, and passes them unchanged to the exports port.
struct MeteredExports: ExportsPort {
    let port: any ExportsPort
    let metrics: WorkerMetrics
    let calls: CallActivity

    func executor(for call: Call) -> (any TaskExecutor)? { port.executor(for: call) }

    func store(_ manifest: BatchManifest) async -> CallResult { await port.store(manifest) }

    func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        let (account, kind) = (call.job.account, call.token.kind)
        calls.began(account: account, kind: kind)
        let start = ContinuousClock.now
        let result = await port.perform(call, transfer)
        calls.ended(account: account, kind: kind, result)
        metrics.answered(
            account: account,
            kind: kind,
            result: result,
            after: ContinuousClock.now - start
        )
        return result
    }
}
