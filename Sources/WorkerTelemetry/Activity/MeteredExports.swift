import ExportCore
import Logging
import WorkerRuntime

/// Counts and times calls, compares the headers of the files that they store, and passes the calls unchanged to the exports
/// port.
struct MeteredExports: ExportsPort {
    let port: any ExportsPort
    let metrics: WorkerMetrics
    let calls: CallActivity
    let headers: HeaderWatch
    let logger: Logger?

    func executor(for call: Call) -> (any TaskExecutor)? { port.executor(for: call) }

    var callExecutor: (any TaskExecutor)? { port.callExecutor }

    func store(_ manifest: BatchManifest) async -> CallResult {
        calls.began(account: nil, kind: .manifest)
        let result = await port.store(manifest)
        calls.ended(account: nil, kind: .manifest, result)
        return result
    }

    nonisolated(nonsending) func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        calls.began(account: call.job.account, kind: call.token.kind)
        let start = ContinuousClock.now
        let result = await port.perform(call, transfer)
        answered(call, result, after: ContinuousClock.now - start)
        return result
    }

    // Not inlined, so that the frames of API calls stay small.
    @inline(never)
    private func answered(_ call: Call, _ result: CallResult, after duration: Duration) {
        let (account, kind) = (call.job.account, call.token.kind)
        calls.ended(account: account, kind: kind, result)
        metrics.answered(account: account, kind: kind, result: result, after: duration)
        if case .stored(let file) = result, let content = file.content,
            let header = FileHeader(content, of: call.job, at: SystemClock().now())
        {
            compare(header, call.job)
        }
    }

    private func compare(_ header: FileHeader, _ job: ExportJob) {
        switch headers.finding(header) {
        case .same: break
        case .first: metrics.header(of: header.series, hasChanged: false)
        case .changed(let change):
            metrics.header(of: header.series, hasChanged: true)
            logger?.warning(
                "The header of an export's file has changed",
                metadata: [
                    "account": "\(job.account)", "kind": "\(job.kind.name)", "format": "\(job.fileFormat.name)",
                    "job.id": "\(job.id)", "added": "\(Self.text(change.added))",
                    "removed": "\(Self.text(change.removed))", "columns": "\(Self.text(change.columns))",
                ]
            )
        }
    }

    private static func text(_ columns: [String]) -> String {
        columns.joined(separator: ", ").truncated(toBytes: 1_024)
    }
}
