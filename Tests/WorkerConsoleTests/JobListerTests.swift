import ExportCore
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerConsole

@Suite("Lists of jobs and the engine")
struct JobListerTests {
    /// An engine whose list has many parts without jobs.
    private func source() -> FakeSource {
        let source = FakeSource()
        source.set { state in
            state.jobs = { question in
                let entry = question.from.entry + 1
                return JobPage(jobs: [], next: entry < 5 ? JobPlace(partition: 0, entry: entry) : nil)
            }
        }
        return source
    }

    private func page(_ lister: JobLister) async -> JobPage? {
        var filter = JobFilter()
        filter.text = "rare"
        return await lister.page(filter, from: JobPlace(partition: 0), through: 0, limit: 10)
    }

    @Test func listsAskTheEngineOneAfterTheOther() async throws {
        let source = source()
        let lister = JobLister(source, patience: .seconds(300))
        await withTaskGroup(of: Bool.self) { lists in
            for _ in 0..<8 { lists.addTask { await page(lister) != nil } }
            for await isAnswered in lists { #expect(isAnswered) }
        }
        let state = source.state.withLock { $0 }
        #expect(state.mostOpenLists == 1)
        #expect(state.listed.allSatisfy { $0.filter.text == "rare" && $0.work <= 20_000 })
    }

    @Test func noFurtherQuestionIsAskedWhileTheEngineIsSilent() async throws {
        let source = source()
        source.set { $0.isSilent = true }
        let lister = JobLister(source, patience: .milliseconds(20))
        for _ in 0..<3 { #expect(await page(lister) == nil) }
        #expect(source.state.withLock { $0.listed.count } == 1)
    }

    @Test func noFurtherQuestionIsAskedWhileThatOfAClientThatLeftIsOpen() async throws {
        let source = source()
        source.set { $0.isSilent = true }
        let lister = JobLister(source, patience: .milliseconds(20))
        let gone = Task { await page(lister) }
        try await eventually { source.state.withLock { $0.listed.count } == 1 }
        gone.cancel()
        #expect(await gone.value == nil)
        #expect(await page(lister) == nil)
        #expect(source.state.withLock { $0.listed.count } == 1)
    }
}
