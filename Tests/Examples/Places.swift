import ChildProcesses
import Foundation

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

    /// The search path of the tests.
    static var path: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }

    /// A program of the search path.
    static func program(_ name: String) -> URL? {
        path.split(separator: ":").map { URL(filePath: String($0)).appending(path: name) }.first(where: isExecutable)
    }

    /// A Python with a package: `make`'s, or the one that `EXAMPLES_PYTHON` names.
    static func python(with package: String = "confluent_kafka") async -> URL? {
        let named = ProcessInfo.processInfo.environment["EXAMPLES_PYTHON"].map { URL(filePath: $0) }
        let made = root.appending(path: ".build/venv/bin/python3")
        for python in [named, made].compactMap({ $0 }) where isExecutable(python) {
            let status = try? await Program.running(python, ["-c", "import \(package)"], environment: [:]) {
                await $0.waitForEnd(within: .seconds(600))
            }
            if status == 0 { return python }
        }
        return nil
    }

    /// A Go compiler, where Debian's Kafka client for it is installed.
    static var go: URL? {
        let client = "/usr/share/gocode/src/github.com/confluentinc/confluent-kafka-go"
        return FileManager.default.fileExists(atPath: client) ? program("go") : nil
    }

    private static func isExecutable(_ url: URL) -> Bool { FileManager.default.isExecutableFile(atPath: url.path) }
}
