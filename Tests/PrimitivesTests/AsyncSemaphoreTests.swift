import Primitives
import Synchronization
import Testing

@Suite("The semaphore")
struct AsyncSemaphoreTests {
    private final class Running: Sendable {
        let state = Mutex((now: 0, most: 0))
    }

    @Test("A cancelled task leaves the queue and takes no place")
    func cancelledTaskLeaves() async {
        let semaphore = AsyncSemaphore(1)
        #expect(await semaphore.acquire())
        let waiting = Task { await semaphore.acquire() }
        waiting.cancel()
        #expect(await waiting.value == false)
        semaphore.release()
        #expect(await semaphore.acquire())
    }

    @Test("A task that was cancelled before takes no place")
    func cancelledBefore() async {
        let semaphore = AsyncSemaphore(1)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await semaphore.acquire()
        }
        task.cancel()
        #expect(await task.value == false)
        #expect(await semaphore.acquire())
    }

    @Test("Cancellation does not end an uncancellable wait")
    func uncancellable() async {
        let semaphore = AsyncSemaphore(1)
        await semaphore.acquireUncancellably()
        let ended = Mutex(false)
        let waiting = Task {
            await semaphore.acquireUncancellably()
            ended.withLock { $0 = true }
        }
        waiting.cancel()
        for _ in 0..<100 { await Task.yield() }
        #expect(!ended.withLock { $0 })
        semaphore.release()
        await waiting.value
    }

    @Test("No more tasks continue than there are places")
    func bounds() async {
        let semaphore = AsyncSemaphore(3)
        let running = Running()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        await semaphore.acquireUncancellably()
                    } else if await !semaphore.acquire() {
                        return
                    }
                    running.state.withLock { running in
                        running.now += 1
                        running.most = max(running.most, running.now)
                    }
                    for _ in 0..<5 { await Task.yield() }
                    running.state.withLock { $0.now -= 1 }
                    semaphore.release()
                }
            }
        }
        #expect((1...3).contains(running.state.withLock { $0.most }))
    }

    @Test("There is at least one place", arguments: [0, -3])
    func atLeastOne(count: Int) async {
        #expect(await AsyncSemaphore(count).acquire())
    }
}
