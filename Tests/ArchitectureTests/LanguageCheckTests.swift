import ChildProcesses
import Foundation
import Testing

/// `.ci/check-language` on a repository with one file.
@Suite("The check of words", .enabled(if: Repository.hasPrograms("git", "python3"), "git or python3 is not installed"))
struct LanguageCheckTests {
    private struct Run {
        var status: Int32
        var findings: [String]
    }

    private func check(_ text: String) throws -> Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "language-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appending(path: "text.md"))
        _ = try run(["git", "init", "--quiet"], in: folder)
        _ = try run(["git", "add", "text.md"], in: folder)
        return try run([Repository().root.appending(path: ".ci/check-language").path], in: folder)
    }

    private func run(_ command: [String], in folder: URL) throws -> Run {
        let process = try FinishedProcess("/usr/bin/env", command, directory: folder.path)
        return Run(status: process.status, findings: process.text.split(separator: "\n").map(String.init))
    }

    @Test(arguments: [
        ("The worker reckons.", "reckons"), ("Calls are under\nway. It was under way.", "under way"),
        ("isUnderWay", "under way"), ("HTTPLane", "lane"), ("take_in(record)", "take in"),
        ("Nobody reads it.", "nobody"),
    ])
    func replacedWordIsFoundInProseAndInIdentifiers(text: String, words: String) throws {
        let run = try check("# Title\n\n" + text + "\n")
        #expect(run.status == 1)
        #expect(run.findings.count == 1)
        let line = 2 + text.split(separator: "\n").count
        #expect(run.findings.first?.hasPrefix("text.md:\(line): '\(words)': write ") == true, "\(run.findings)")
    }

    @Test(arguments: [
        "An odd number of brokers.", "handOverStuck", "schemaCanTell", "The worker computes.", "amended", "planet",
    ])
    func allowedPhraseAndLongerWordPass(text: String) throws {
        let run = try check(text + "\n")
        #expect(run.status == 0)
        #expect(run.findings == [])
    }

    @Test func wordBesideAnAllowedPhraseIsFound() throws {
        #expect(try check("An odd number is odd.\n").findings.count == 1)
        #expect(try check("handOverStuck: jobs to hand over\n").findings.count == 1)
    }
}
