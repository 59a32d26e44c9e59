import Synchronization

/// Detects that the file system of a `LocalFileStore` is not mounted any more.
///
/// Without this check, files would be written to the empty directory below the mount point: on another disk, and hidden once
/// the file system is mounted again. The check is whether there is a mount, not which one: a network file system has another
/// device number after each mount.
final class MountWatch: Sendable {
    private enum Finding {
        case unknown
        /// The store is on the root file system.
        case none
        /// The mount point's path.
        case point(String)
    }

    private let root: String
    private let device: @Sendable (_ path: String) throws(SystemError) -> UInt64
    private let finding = Mutex(Finding.unknown)

    /// - Parameters:
    ///   - root: The store's directory, absolute.
    ///   - calls: The system.
    init(root: String, _ calls: FileSystemCalls) {
        self.root = root
        device = calls.device
    }

    /// Throws when there was a mount at the first call and there is none now. Blocks.
    func expectMounted() throws(FileStoreError) {
        switch finding.withLock({ $0 }) {
        case .none: return
        case .unknown:
            let found = find()
            finding.withLock { $0 = found }
        case .point(let path):
            do throws(SystemError) {
                guard try device(path) == device(Self.parent(of: path)) else { return }
                throw SystemError(number: SystemError.noSuchFile)
            } catch  where error.number == SystemError.noSuchFile {
                throw FileStoreError(.unmounted, action: "use", path: path)
            } catch {
                throw FileStoreError(error, action: "use", path: path)
            }
        }
    }

    private func find() -> Finding {
        var path = root
        while path != "/" {
            let parent = Self.parent(of: path)
            if let own = try? device(path), let above = try? device(parent), own != above { return .point(path) }
            path = parent
        }
        return .none
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
