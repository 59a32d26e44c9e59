import Foundation

/// The examples of README.md: fenced blocks behind a comment `<!-- example: NAME -->`.
enum Readme {
    /// The text of an example.
    ///
    /// - Throws: ``MissingExample`` when the README has none of this name.
    static func example(_ name: String) throws -> String {
        let text = try String(contentsOf: Places.root.appending(path: "README.md"), encoding: .utf8)
        guard let example = example(name, in: text) else { throw MissingExample(name: name) }
        return example
    }

    static func example(_ name: String, in text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let marker = lines.firstIndex(of: "<!-- example: \(name) -->"),
            marker + 1 < lines.endIndex, lines[marker + 1].hasPrefix("```")
        else { return nil }
        let body = lines[(marker + 2)...]
        guard let end = body.firstIndex(of: "```") else { return nil }
        return body[..<end].joined(separator: "\n") + "\n"
    }

    struct MissingExample: Error {
        var name: String
    }
}

/// The locations of programs and files.
enum Places {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The command, from the tests' build folder; `PAYOUT_WORKER` names another one.
    static var worker: URL? {
        let named = ProcessInfo.processInfo.environment["PAYOUT_WORKER"].map { URL(filePath: $0) }
        let beside = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "payout-worker")
        let built = root.appending(path: ".build/debug/payout-worker")
        return [named, beside, built].compactMap { $0 }.first(where: isExecutable)
    }

    static var kcat: URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        return path.split(separator: ":").map { URL(filePath: String($0)).appending(path: "kcat") }.first(
            where: isExecutable
        )
    }

    /// A Python with confluent-kafka: `make`'s, or the one that `EXAMPLES_PYTHON` names.
    static func python() async -> URL? {
        let named = ProcessInfo.processInfo.environment["EXAMPLES_PYTHON"].map { URL(filePath: $0) }
        let made = root.appending(path: ".build/venv/bin/python3")
        for python in [named, made].compactMap({ $0 }) where isExecutable(python) {
            let status = try? await Program.running(python, ["-c", "import confluent_kafka"], environment: [:]) {
                await $0.waitForEnd(within: .seconds(600))
            }
            if status == 0 { return python }
        }
        return nil
    }

    private static func isExecutable(_ url: URL) -> Bool { FileManager.default.isExecutableFile(atPath: url.path) }
}
