import Dispatch
import ExportCore
import Foundation
import Synchronization
import WorkerRuntime

/// Gives memory that a burst has left behind back to the system: after a restore, and now and then.
///
/// Records are read and decoded on other threads than the one that keeps the jobs, so glibc's heaps are full of holes
/// after a million of them: half of the resident memory. With another C library it does nothing.
final class MemoryKeeper: WorkerObserver {
    private static let interval: Double = 15
    private static let afterRestore: Double = 1

    /// Trimming takes milliseconds and a heap's lock: not on a thread that others wait for.
    private let queue = DispatchQueue(label: "memory-keeper", qos: .utility)
    private let isDue = Mutex(false)

    init() { trimRegularly() }

    /// Partitions become active one after the other: the first calls for one trim of what all of them leave.
    func report(_ report: Report) {
        guard case .active = report else { return }
        let isFirst = isDue.withLock { due in
            defer { due = true }
            return !due
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + Self.afterRestore) { [weak self] in
            self?.isDue.withLock { $0 = false }
            Self.trim()
        }
    }

    func observe(_ observation: LogObservation) {}

    private func trimRegularly() {
        queue.asyncAfter(deadline: .now() + Self.interval) { [weak self] in
            Self.trim()
            self?.trimRegularly()
        }
    }

    // MARK: glibc's own calls

    // Swift's module of it leaves `malloc.h` out; with another C library these are not there.
    private typealias Trim = @convention(c) (_ kept: Int) -> Int32
    private typealias SetOption = @convention(c) (_ option: Int32, _ value: Int32) -> Int32

    private static let trimHeap = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    private static func trim() { _ = trimHeap?(0) }

    /// Two heaps instead of eight for each core: what one thread lets go, another uses again. Call it before there are
    /// threads; `MALLOC_ARENA_MAX` in the environment is the user's word and stays.
    static func limitHeaps() {
        let arenaMaximum: Int32 = -8
        guard getenv("MALLOC_ARENA_MAX") == nil, let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: SetOption.self)(arenaMaximum, 2)
    }
}
