import ExportCore
import Synchronization
import WorkerConsole
import WorkerSamples

/// An engine with configured answers.
final class FakeSource: ConsoleSource {
    struct State: Sendable {
        var status: WorkerStatus?
        var jobSnapshot: JobSnapshot?
        var record: (partition: Int32, record: JobRecord)?
        var isSilent = false
        var questions = 0
    }

    let state: Mutex<State>

    init(_ status: WorkerStatus? = .sample()) { state = Mutex(State(status: status)) }

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func status() async -> WorkerStatus? {
        let (isSilent, status) = state.withLock { state in
            state.questions += 1
            return (state.isSilent, state.status)
        }
        if isSilent { await Self.never() }
        return status
    }

    func jobSnapshot(oldest limit: Int) async -> (found: JobSnapshot, took: Duration)? {
        state.withLock { $0.jobSnapshot }.map { ($0, .milliseconds(1)) }
    }

    func record(ofJob id: String) async -> (partition: Int32, record: JobRecord)? {
        let (isSilent, record) = state.withLock { ($0.isSilent, $0.record) }
        if isSilent { await Self.never() }
        return record.flatMap { $0.record.job.id == id ? $0 : nil }
    }

    /// Longer than any test.
    private static func never() async { try? await Task.sleep(for: .seconds(3_600)) }
}
