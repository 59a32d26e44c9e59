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
        /// Stands for the engine's list.
        var jobs: @Sendable (JobQuestion) -> JobPage = { _ in JobPage() }
        var listed: [JobQuestion] = []
        /// The ids of each question for single jobs.
        var named: [Set<String>] = []
        /// Questions for lists that are not answered yet, and the most at the same time.
        var openLists = 0
        var mostOpenLists = 0
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

    func jobs(named ids: Set<String>) async -> (found: [String: JobView], took: Duration)? {
        let (isSilent, record) = state.withLock { state in
            state.named.append(ids)
            return (state.isSilent, state.record)
        }
        if isSilent { await Self.never() }
        // Another question may come now.
        for _ in 0..<10 { await Task.yield() }
        guard let record, ids.contains(record.record.job.id) else { return ([:], .microseconds(10)) }
        return ([record.record.job.id: Self.view(record.record, record.partition)], .microseconds(10))
    }

    func jobs(_ question: JobQuestion) async -> (page: JobPage, took: Duration)? {
        let (isSilent, jobs) = state.withLock { state in
            state.listed.append(question)
            state.openLists += 1
            state.mostOpenLists = max(state.mostOpenLists, state.openLists)
            return (state.isSilent, state.jobs)
        }
        defer { set { $0.openLists -= 1 } }
        if isSilent { await Self.never() }
        // Another question may come now.
        for _ in 0..<10 { await Task.yield() }
        return (jobs(question), .microseconds(10))
    }

    /// A view of an open job that waits for the service.
    static func view(_ record: JobRecord, _ partition: Int32) -> JobView {
        JobView(
            partition: partition,
            record: record,
            deadline: Sample.start.advanced(by: .seconds(3_600)),
            wait: record.phase == .finished ? nil : .service(nextPoll: Sample.start.advanced(by: .seconds(30)))
        )
    }

    /// Longer than any test.
    private static func never() async { try? await Task.sleep(for: .seconds(3_600)) }
}
