import Dispatch
import ExportCore
import Foundation
import Synchronization
import WorkerRuntime

/// Gives memory that a burst has left behind back to the system: after a restore, and now and then.
///
/// Records are read and decoded on other threads than the one that keeps the jobs, so glibc's heaps are full of holes
/// after a million of them: a third of the resident memory. With another C library it does nothing.
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

    private typealias Trim = @convention(c) (_ kept: Int) -> Int32

    /// glibc's `malloc_trim`, which Swift's module of it leaves out; `nil` with another C library.
    private static let trimHeap: Trim? = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    private static func trim() { _ = trimHeap?(0) }
}
