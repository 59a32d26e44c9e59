import Synchronization
import Testing
import WorkerRuntime

@testable import WorkerKafka

@Suite struct OwnedTasksTests {
    @Test func endCancelsAndAwaitsRunningTasks() async {
        let tasks = OwnedTasks()
        let ended = Mutex(0)
        for _ in 0..<3 {
            tasks.start {
                while await slept(for: .seconds(3_600)) {}
                ended.withLock { $0 += 1 }
            }
        }
        await tasks.end()
        #expect(ended.withLock { $0 } == 3)
    }

    @Test func taskDoesNotStartAfterTheEnd() async {
        let tasks = OwnedTasks()
        await tasks.end()
        #expect(tasks.start { Issue.record("it has started") } == nil)
    }
}
