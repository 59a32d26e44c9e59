import Synchronization
import Testing
import TestSupport

@testable import WorkerKafka

@Suite struct BoundedWaitTests {
    /// The bound only keeps a failure from lasting.
    @Test(.timeLimit(.minutes(30))) func waitEndsWithItsBody() async {
        let hasEnded = Mutex(false)
        await waiting(atMost: .seconds(36_000)) { hasEnded.withLock { $0 = true } }
        #expect(hasEnded.withLock { $0 })
    }

    @Test(.timeLimit(.minutes(30))) func waitEndsAtItsBoundAndTheBodyLater() async throws {
        let (release, releasing) = AsyncStream.makeStream(of: Void.self)
        let hasEnded = Mutex(false)
        await waiting(atMost: .milliseconds(1)) {
            for await _ in release {}
            hasEnded.withLock { $0 = true }
        }
        #expect(!hasEnded.withLock { $0 })
        releasing.finish()
        try await eventually("the body ends") { hasEnded.withLock { $0 } }
    }
}
