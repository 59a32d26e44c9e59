import ExportCore
import Synchronization
import Testing
import TestSupport
import WorkerRuntime
import WorkerSamples

@testable import WorkerConsole

@Suite("Questions for single jobs and the engine")
struct JobFinderTests {
    @Test func questionsThatWaitAreAskedAsOne() async throws {
        let source = FakeSource()
        source.set { $0.record = (3, Sample.record()) }
        let finder = JobFinder(source, patience: .seconds(300))
        let found = await withTaskGroup(of: JobView??.self) { tasks in
            for number in 0..<32 { tasks.addTask { await finder.job("job-\(number)") } }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(found.allSatisfy { $0 != nil })
        #expect(found.compactMap { $0 ?? nil }.map(\.record.job.id) == ["job-1"])
        let named = source.state.withLock { $0.named }
        #expect(named.reduce(into: Set()) { $0.formUnion($1) }.count == 32)
        #expect(named.count < 32, "\(named)")
    }

    @Test func questionIsBoundedWhileTheEngineIsSilent() async throws {
        let source = FakeSource()
        source.set { $0.isSilent = true }
        let finder = JobFinder(source, patience: .milliseconds(1))
        for number in 0..<200 { #expect(await finder.job("job-\(number)") == nil) }
        try await eventually { !source.state.withLock { $0.named.isEmpty } }
        let named = source.state.withLock { $0.named }
        #expect(named.count == 1)
        #expect(named.allSatisfy { $0.count <= 64 })
    }

    @Test func engineRestsInProportionToAllThatAQuestionCosts() {
        let share = EngineShare(percent: 1)
        #expect(share.rest(after: .milliseconds(1)) > .milliseconds(99))
        #expect(share.rest(after: .zero) >= .milliseconds(1), "waking up costs too")
        #expect(EngineShare(percent: 3).rest(after: .milliseconds(1)) < .milliseconds(34))
    }
}
