import ExportCore
import Synchronization
import WorkerRuntime

/// The last header of the files of each account, kind and format: of the files that this process has stored, and of the jobs
/// in the state of the partitions that it was assigned.
///
/// A program that loads files by their columns' places must be changed when the header changes. Partitions remember their
/// finished jobs for the deduplication window, so a change is noticed across restarts and rebalances where the partition has
/// stored such a file within the window. Each worker compares on its own: a fleet reports a change once for each worker that
/// knows the earlier header.
final class HeaderWatch: WorkerObserver {
    /// The difference between two headers in a row.
    struct Change: Equatable, Sendable {
        /// Columns that only the new header has; empty where a header is too long to be known.
        var added: [String]
        /// Columns that only the old header had.
        var removed: [String]
        /// The new header, in its order, which may be all that has changed; empty where it is too long to be known.
        var columns: [String]
    }

    /// The answer about a header.
    enum Finding: Equatable, Sendable {
        /// The first one of its series.
        case first
        case same
        case changed(Change)
    }

    private let headers = Mutex<[FileHeader.Series: FileHeader]>([:])

    /// Compares a file's header with the last one of its series, and remembers it.
    func finding(_ header: FileHeader) -> Finding {
        guard let last = headers.withLock({ $0.updateValue(header, forKey: header.series) })?.content else {
            return .first
        }
        let content = header.content
        guard last.headerSHA256 != content.headerSHA256 else { return .same }
        guard let old = last.columns, let new = content.columns else {
            return .changed(Change(added: [], removed: [], columns: content.columns ?? []))
        }
        let (before, after) = (Set(old), Set(new))
        let (added, removed) = (new.filter { !before.contains($0) }, old.filter { !after.contains($0) })
        return .changed(Change(added: added, removed: removed, columns: new))
    }

    func report(_ report: Report) {}

    /// Remembers the headers of restored partitions where no newer ones are known.
    func observe(_ observation: LogObservation) {
        guard case .headers(let restored) = observation else { return }
        headers.withLock { headers in
            for header in restored {
                if let known = headers[header.series], known.time >= header.time { continue }
                headers[header.series] = header
            }
        }
    }
}
