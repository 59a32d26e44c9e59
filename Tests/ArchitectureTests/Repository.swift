import Foundation

/// The repository that these tests belong to, as files.
struct Repository {
    /// A text file: its path from the repository's root, and what it says.
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

    /// The folders directly below one of the repository's folders.
    func folders(in folder: String) throws -> [String] {
        try names(in: folder).filter { isFolder(folder + "/" + $0) }
    }

    /// All Swift files below a folder, those that the Protobuf compiler wrote left out.
    func swiftFiles(in folder: String) throws -> [File] {
        try names(in: folder).flatMap { name -> [File] in
            let path = folder + "/" + name
            if isFolder(path) { return try swiftFiles(in: path) }
            guard name.hasSuffix(".swift"), !name.hasSuffix(".pb.swift") else { return [] }
            return [File(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))]
        }
    }

    /// Whether git can be asked.
    var isCheckout: Bool { FileManager.default.fileExists(atPath: root.appending(path: ".git").path) }

    /// What stands at the top level, as far as it belongs to the repository.
    func topLevelEntries() throws -> Set<String> {
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        // The checkout may belong to somebody else, as it does on machines that only build.
        git.arguments = ["git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z"]
        let output = Pipe()
        git.standardOutput = output
        try git.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { throw GitFailed(status: git.terminationStatus) }
        let paths = String(decoding: data, as: UTF8.self).split(separator: "\0")
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
