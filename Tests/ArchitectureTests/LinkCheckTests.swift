import ChildProcesses
import Foundation
import Testing

/// `.ci/check-links` on a repository with a README and another page.
@Suite("The check of links", .enabled(if: Repository.hasPrograms("git", "python3"), "git or python3 is not installed"))
struct LinkCheckTests {
    private struct Run {
        var status: Int32
        var lines: [String]
    }

    private func check(_ text: String) throws -> Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "links-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appending(path: "README.md"))
        try Data("# A page\n\n## What it `is`, and why\n\n## Twice\n\n## Twice\n".utf8)
            .write(to: folder.appending(path: "page.md"))
        _ = try run(["git", "init", "--quiet"], in: folder)
        return try run([Repository().root.appending(path: ".ci/check-links").path], in: folder)
    }

    private func run(_ command: [String], in folder: URL) throws -> Run {
        let process = try FinishedProcess("/usr/bin/env", command, directory: folder.path)
        return Run(status: process.status, lines: process.text.split(separator: "\n").map(String.init))
    }

    @Test(arguments: [
        ("[a](none.md)", "there is no tracked none.md"), ("[a](page.md#no)", "page.md has no section #no"),
        ("[a](#no)", "README.md has no section #no"), ("![a](none.png)", "there is no tracked none.png"),
        ("[a](page.md#twice-2)", "page.md has no section #twice-2"), ("[`a`](none.md)", "there is no tracked none.md"),
    ])
    func brokenLinkIsFound(text: String, finding: String) throws {
        let run = try check("# Title\n\n" + text + "\n")
        #expect(run.status == 1)
        #expect(run.lines == ["README.md: " + finding])
    }

    @Test(arguments: [
        "[a](page.md#what-it-is-and-why)", "[a](page.md#twice-1)", "[a](https://example.com/none.md)", "[a](#title)",
        "`[a](none.md)`", "```text\n[a](none.md)\n```",
    ])
    func validLinkAndCodePass(text: String) throws {
        let run = try check("# Title\n\n" + text + "\n")
        #expect(run.status == 0, "\(run.lines)")
    }

    @Test func longReadmeIsRefused() throws {
        let run = try check("# Title\n\n" + String(repeating: "word ", count: 1_000))
        #expect(run.status == 1)
        #expect(run.lines == ["README.md: 1002 words, more than 1000; move text to a guide"])
    }
}
