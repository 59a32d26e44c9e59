import Foundation
import Primitives
import Testing

/// Files that get their names when they are complete.
@Suite struct PartFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("part-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test func fileHasItsNameWhenItIsCommitted() throws {
        try withFolder { folder in
            // The hidden file's name does not depend on it.
            let name = String(repeating: "n", count: 255)
            let path = folder + "/" + name
            try "old".write(toFile: path, atomically: false, encoding: .utf8)
            let file = try PartFile(for: path, mode: 0o600)
            try Array("lost".utf8).withUnsafeBytes { try file.write($0) }
            try file.truncate()
            try Array("new".utf8).withUnsafeBytes { try file.write($0) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            try file.commit()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try names(folder) == [name])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func releasedFileLeavesNothing() throws {
        try withFolder { folder in
            var file: PartFile? = try PartFile(for: folder + "/a")
            #expect(try names(folder).count == 1)
            #expect(file != nil)
            file = nil
            #expect(try names(folder) == [])
        }
    }

    @Test func errorNamesTheFileTheStepAndTheReason() throws {
        try withFolder { folder in
            let missing = #expect(throws: FileSystemError.self) { try PartFile(for: folder + "/b/c") }
            #expect(missing?.step == "open")
            #expect(missing?.number == ENOENT)
            #expect(missing?.description.contains(folder + "/b/") == true)
            #expect(missing?.description.contains("No such file or directory") == true)
            try FileManager.default.createDirectory(atPath: folder + "/d", withIntermediateDirectories: true)
            let taken = #expect(throws: FileSystemError.self) { try PartFile(for: folder + "/d").commit() }
            #expect(taken == FileSystemError(step: "rename", path: folder + "/d", number: EISDIR))
            #expect(try names(folder) == ["d"])
        }
    }
}
