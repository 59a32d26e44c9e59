import ExportCore
import Primitives
import WorkerRuntime

/// Asks the engine for lists of jobs, one part at a time, whatever number of clients asks for them. No other part is asked
/// for before the engine has answered, also where the client of the part has left.
///
/// After each part the engine rests, so that all lists together cost at most a few percent of its thread.
actor JobLister {
    private let source: any ConsoleSource
    private let patience: Duration
    private let turn = AsyncSemaphore(1)
    private var permitted = ContinuousClock.now
    /// The question that the engine has not answered yet.
    private var question: Task<Answer?, Never>?

    private typealias Answer = (page: JobPage, took: Duration)

    private static let share = EngineShare(percent: 3)
    /// The work for a part: about a millisecond.
    private static let work = 20_000
    /// When a page that is not full yet is returned as it is.
    private static let time: Duration = .milliseconds(1_500)

    /// - Parameter patience: how long to wait for an answer of the engine.
    init(_ source: any ConsoleSource, patience: Duration) {
        self.source = source
        self.patience = patience
    }

    /// A page of this worker's jobs.
    ///
    /// - Returns: `nil` when the engine does not answer. The page may have fewer jobs than asked for, although the list
    ///   continues, where they are hard to find.
    func page(_ filter: JobFilter, from: JobPlace, through: Int32, limit: Int) async -> JobPage? {
        let end = ContinuousClock.now + Self.time
        var page = JobPage(next: from)
        while let place = page.next, page.jobs.count < limit, ContinuousClock.now < end {
            let rest = limit - page.jobs.count
            guard
                let part = await part(
                    JobQuestion(filter: filter, from: place, through: through, limit: rest, work: Self.work)
                )
            else {
                return nil
            }
            page.jobs += part.jobs
            page.next = part.next
        }
        return page
    }

    private func part(_ question: JobQuestion) async -> JobPage? {
        guard await turn.acquire() else { return nil }
        defer { turn.release() }
        if let last = self.question, await answered(last) == nil { return nil }
        let wait = permitted - .now
        if wait > .zero, await !slept(for: wait) { return nil }
        let source = source
        let task = Task { await source.jobs(question) }
        self.question = task
        return await answered(task)??.page
    }

    /// Waits for the engine's answer.
    ///
    /// - Returns: outer `nil` when there is none in time, or when the client has left.
    private func answered(_ task: Task<Answer?, Never>) async -> Answer?? {
        guard let found = await answer(within: patience, { await task.value }) else { return nil }
        question = nil
        if let found { permitted = .now + Self.share.rest(after: found.took) }
        return .some(found)
    }
}
