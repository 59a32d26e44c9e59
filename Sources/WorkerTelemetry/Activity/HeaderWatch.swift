import ExportCore
import Synchronization

/// The last header of the files of each account, kind and format, since this process started.
///
/// A program that loads files by their columns' places must be changed when the header changes. The memory ends with the
/// process, and each worker has its own: a fleet reports a change once for each worker that stores such files before and
/// after it, and not at all where every worker restarted in between.
final class HeaderWatch: Sendable {
    /// The files that have the same header.
    struct Series: Hashable, Sendable {
        var account: String
        var kind: ExportKind
        var format: FileFormat
    }

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

    private let headers = Mutex<[Series: FileContent]>([:])

    /// Compares a file's header with the last one of its series, and remembers it.
    ///
    /// - Returns: `nil` for a file without a header.
    func finding(_ content: FileContent, in series: Series) -> Finding? {
        guard let digest = content.headerSHA256 else { return nil }
        let last = headers.withLock { $0.updateValue(content, forKey: series) }
        guard let last else { return .first }
        guard last.headerSHA256 != digest else { return .same }
        guard let old = last.columns, let new = content.columns else {
            return .changed(Change(added: [], removed: [], columns: content.columns ?? []))
        }
        let (before, after) = (Set(old), Set(new))
        let (added, removed) = (new.filter { !before.contains($0) }, old.filter { !after.contains($0) })
        return .changed(Change(added: added, removed: removed, columns: new))
    }
}
