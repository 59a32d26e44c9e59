import ChildProcesses
import Foundation

/// The files of this repository.
struct Repository {
    /// A text file: its path from the repository's root, and its text.
    struct File {
        var path: String
        var text: String

        /// The folder below `Sources` or `Tests` that the file belongs to.
        var target: String {
            let parts = path.split(separator: "/")
            return parts.count > 2 ? String(parts[1]) : ""
        }

        var lineCount: Int { text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 }
    }

    let root: URL

    init(testFile: String = #filePath) {
        root = URL(filePath: testFile).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// A text file's content.
    func text(of path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    /// The folders directly below one of the repository's folders.
    func folders(in folder: String) throws -> [String] {
        try names(in: folder).filter { isFolder(folder + "/" + $0) }
    }

    /// All Swift files below a folder, without the Protobuf compiler's.
    func swiftFiles(in folder: String) throws -> [File] {
        try files(in: folder, ending: ".swift").filter { !$0.path.hasSuffix(".pb.swift") }
    }

    /// All files below a folder whose names end like this.
    func files(in folder: String, ending suffix: String) throws -> [File] {
        try names(in: folder).flatMap { name -> [File] in
            let path = folder + "/" + name
            if isFolder(path) { return try files(in: path, ending: suffix) }
            return name.hasSuffix(suffix) ? [File(path: path, text: try text(of: path))] : []
        }
    }

    /// Whether this is a git checkout.
    var isCheckout: Bool { FileManager.default.fileExists(atPath: root.appending(path: ".git").path) }

    /// Whether `PATH` has all of these programs.
    static func hasPrograms(_ names: String...) -> Bool {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        return names.allSatisfy { name in
            folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
        }
    }

    /// The tracked entries of the top level.
    func topLevelEntries() throws -> Set<String> {
        // Another user may own the checkout, for example on a build machine.
        let arguments = ["git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z"]
        let git = try FinishedProcess("/usr/bin/env", arguments)
        guard git.status == 0 else { throw GitFailed(status: git.status) }
        let paths = git.text.split(separator: "\0")
        return Set(paths.compactMap { $0.split(separator: "/").first.map(String.init) })
    }

    struct GitFailed: Error {
        var status: Int32
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
