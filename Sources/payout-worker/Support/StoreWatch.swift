import FileStores
import Logging
import WorkerRuntime
import WorkerTelemetry

/// Reports when the file store is unavailable, and removes incomplete files of crashed workers.
struct StoreWatch: Sendable {
    let store: any FileStore
    let problems: ReportedProblems
    let logger: Logger
    /// The interval between two checks of an available store.
    private static let interval: Duration = .seconds(60)
    /// The interval while the store is unavailable.
    private static let retryInterval: Duration = .seconds(5)

    /// Checks and sweeps the store until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await sweep() }
            group.addTask { await check() }
        }
    }

    private func check() async {
        while !Task.isCancelled {
            var problem: String?
            do throws(FileStoreError) {
                try await store.check()
            } catch {
                problem = Remedies().sentence(for: error)
            }
            guard !Task.isCancelled else { return }
            let isChanged = problems.store(problem, noticedBy: .check)
            if let problem, isChanged {
                logger.error(
                    "File store is unavailable, jobs wait with their files",
                    metadata: ["store": "\(store.location)", "error.message": "\(problem)"]
                )
            } else if isChanged {
                logger.notice("File store is available again", metadata: ["store": "\(store.location)"])
            }
            guard await slept(for: problem == nil ? Self.interval : Self.retryInterval) else { return }
        }
    }

    private func sweep() async {
        repeat {
            // A failed sweep is repeated in an hour; the check reports an unavailable store.
            if let removed = try? await store.sweep(), removed > 0 {
                logger.info("Incomplete files of earlier uploads removed", metadata: ["count": "\(removed)"])
            }
        } while await slept(for: .seconds(3_600))
    }
}
