import Dispatch
import ExportCore
import Foundation
import Synchronization
import WorkerRuntime

/// Returns memory that a burst has left unused to the system, after a restore and periodically.
///
/// Records are read and decoded on other threads than the one that owns the jobs, so glibc's heaps are fragmented after a
/// million records: half of the resident memory is unused. With another C library it does nothing.
final class MemoryKeeper: WorkerObserver {
    private static let interval: Double = 15
    private static let afterRestore: Double = 1

    /// Trimming takes milliseconds and a heap's lock, so it must not run on a thread that others wait for.
    private let queue = DispatchQueue(label: "memory-keeper", qos: .utility)
    private let isDue = Mutex(false)

    init() { trimRegularly() }

    /// Partitions become active one after the other. The first one schedules one trim for all of them.
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

    // Swift's Glibc module does not contain `malloc.h`, and other C libraries do not have these functions.
    private typealias Trim = @convention(c) (_ kept: Int) -> Int32
    private typealias SetOption = @convention(c) (_ option: Int32, _ value: Int32) -> Int32

    private static let trimHeap = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    private static func trim() { _ = trimHeap?(0) }

    /// Eight heaps instead of eight per core, so that threads reuse each other's memory. With fewer, the busy threads wait for
    /// each other's locks. Call it before threads exist. `MALLOC_ARENA_MAX` in the environment overrides it.
    static func limitHeaps() {
        let arenaMaximum: Int32 = -8
        guard getenv("MALLOC_ARENA_MAX") == nil, let symbol = dlsym(nil, "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: SetOption.self)(arenaMaximum, 8)
    }
}
