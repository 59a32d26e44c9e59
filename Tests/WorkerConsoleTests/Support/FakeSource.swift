import Synchronization
import WorkerConsole

@testable import ExportCore

/// An engine that says what it is told to say.
final class FakeSource: ConsoleSource {
    struct State: Sendable {
        var status: WorkerStatus?
        var survey: JobSurvey?
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

    func survey(oldest limit: Int) async -> (found: JobSurvey, took: Duration)? {
        state.withLock { $0.survey }.map { ($0, .milliseconds(1)) }
    }

    func record(ofJob id: String) async -> (partition: Int32, record: JobRecord)? {
        let (isSilent, record) = state.withLock { ($0.isSilent, $0.record) }
        if isSilent { await Self.never() }
        return record.flatMap { $0.record.job.id == id ? $0 : nil }
    }

    /// Longer than any test.
    private static func never() async { try? await Task.sleep(for: .seconds(3_600)) }
}

extension WorkerStatus {
    /// A worker at its work.
    static func sample(
        partitions: [Partition] = [.sample(0), .sample(1)],
        accounts: [Account] = [.sample("default")]
    ) -> WorkerStatus {
        WorkerStatus(
            partitions: partitions,
            accounts: accounts,
            intakePauses: [],
            callsInFlight: 3,
            downloadsInFlight: 1,
            recordsGathering: 0,
            commitFailures: 0,
            isCommitting: false,
            partitionCount: 4,
            isStopping: false
        )
    }
}

extension WorkerStatus.Partition {
    static func sample(
        _ number: Int32,
        _ lifecycle: PartitionLifecycle = .active,
        jobs: [JobPhase: Int] = [.accepted: 1, .submitting: 2, .waiting: 30, .ready: 4, .finished: 500],
        nextWake: Instant? = nil
    ) -> WorkerStatus.Partition {
        WorkerStatus.Partition(
            partition: number,
            epoch: 1,
            lifecycle: lifecycle,
            position: 1_234,
            jobs: jobs,
            nextWake: nextWake
        )
    }
}

extension WorkerStatus.Account {
    static func sample(
        _ name: String,
        problem: AccountProblem? = nil,
        waiting: [CallKind: Int] = [:],
        rate: Double = 20
    ) -> WorkerStatus.Account {
        WorkerStatus.Account(name: name, problem: problem, waiting: waiting, requestsPerSecond: rate)
    }
}
