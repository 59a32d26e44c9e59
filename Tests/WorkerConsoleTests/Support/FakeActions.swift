import ExportCore
import Synchronization
import WorkerConsole

/// Actions that are noted instead of being written.
final class FakeActions: ConsoleActions {
    static let token = "correct-horse-battery"

    let done = Mutex<[String]>([])
    let failure: ConsoleActionFailure?

    init(failure: ConsoleActionFailure? = nil) { self.failure = failure }

    private func note(_ what: String) throws(ConsoleActionFailure) {
        if let failure { throw failure }
        done.withLock { $0.append(what) }
    }

    func cancel(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure) {
        try note("cancel \(jobID) \(partition)")
    }

    func retry(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure) -> String {
        try note("retry \(jobID) \(partition)")
        return jobID + ".retry-1"
    }

    func pause(_ pause: JobPause) async throws(ConsoleActionFailure) -> Int {
        try note(
            "pause \(pause.target.account ?? "-") \(pause.target.kind?.name ?? "-") \(pause.holdsCalls) \(pause.reason ?? "-")"
        )
        return 3
    }

    func resume(_ target: PauseTarget) async throws(ConsoleActionFailure) -> Int {
        try note("resume \(target.account ?? "-") \(target.kind?.name ?? "-")")
        return 3
    }
}
