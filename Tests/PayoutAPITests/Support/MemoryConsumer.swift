import NIOCore
import PayoutAPI
import Synchronization

/// A consumer that keeps the bytes of a download in memory, and may fail after some of them.
final class MemoryConsumer: BlobConsumer {
    struct Failure: Error {}

    private struct State {
        var bytes: [UInt8] = []
        var begun: [BlobInfo] = []
        var restarts = 0
    }

    private let state = Mutex(State())
    private let failsAfter: Int?

    init(failsAfter: Int? = nil) { self.failsAfter = failsAfter }

    var bytes: [UInt8] { self.state.withLock { $0.bytes } }
    var begun: [BlobInfo] { self.state.withLock { $0.begun } }
    var restarts: Int { self.state.withLock { $0.restarts } }

    func begin(_ info: BlobInfo) async throws { self.state.withLock { $0.begun.append(info) } }

    func receive(_ chunk: ByteBuffer) async throws {
        let count = self.state.withLock {
            $0.bytes.append(contentsOf: chunk.readableBytesView)
            return $0.bytes.count
        }
        if let failsAfter, count >= failsAfter { throw Failure() }
    }

    func restart() async throws {
        self.state.withLock {
            $0.bytes = []
            $0.restarts += 1
        }
    }
}
