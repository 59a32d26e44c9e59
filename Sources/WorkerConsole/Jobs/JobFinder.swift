import ExportCore
import WorkerRuntime

/// Asks the engine for single jobs. Questions that come while another is open, or while the engine rests, are asked as one, and
/// none is asked before the engine has answered the one before.
actor JobFinder {
    private let source: any ConsoleSource
    private let patience: Duration
    /// The ids of the next question, and its answer.
    private var ids: Set<String> = []
    private var next: Task<[String: JobView]?, Never>?
    /// The engine's rest after the newest question.
    private var rest: Task<Void, Never>?

    private static let share = EngineShare(percent: 1)
    /// The most jobs of a question, so that its time is bounded.
    private static let most = 64

    /// - Parameter patience: how long to wait for an answer of the engine.
    init(_ source: any ConsoleSource, patience: Duration) {
        self.source = source
        self.patience = patience
    }

    /// The job with an id that one of this worker's partitions knows.
    ///
    /// - Returns: outer `nil` when the engine does not answer, or has too many questions.
    func job(_ id: String) async -> JobView?? {
        guard ids.count < Self.most || ids.contains(id) else { return nil }
        ids.insert(id)
        let question = next ?? ask()
        guard let found = await answer(within: patience, { await question.value }), let found else { return nil }
        return .some(found[id])
    }

    /// Begins a question, which is asked when the engine has rested.
    private func ask() -> Task<[String: JobView]?, Never> {
        let (source, rest) = (source, rest)
        let asked = Task {
            await rest?.value
            return await source.jobs(named: self.close())
        }
        self.rest = Task {
            if let took = await asked.value?.took { _ = await slept(for: Self.share.rest(after: took)) }
        }
        let question = Task { await asked.value?.found }
        next = question
        return question
    }

    /// Ends the gathering of ids.
    private func close() -> Set<String> {
        defer { (ids, next) = ([], nil) }
        return ids
    }
}
