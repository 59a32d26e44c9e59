import EnduranceHarness
import Foundation
import PayoutSandbox

/// `endure [--calls COUNT] [--share PERCENT] [--seed SEED] [--concurrency COUNT]`: exit status 1 when something is wrong.
@main
struct Main {
    private static let usage = "usage: endure [--calls COUNT] [--share PERCENT] [--seed SEED] [--concurrency COUNT]"

    static func main() async throws {
        guard let run = Self.run(CommandLine.arguments.dropFirst()) else {
            FileHandle.standardError.write(Data("\(Self.usage)\n".utf8))
            exit(64)
        }
        let report = try await run.run { calls in
            FileHandle.standardError.write(Data("\r\(calls) of \(run.calls) calls".utf8))
        }
        FileHandle.standardError.write(Data("\n".utf8))
        Self.show(report)
        exit(report.problems.isEmpty ? 0 : 1)
    }

    private static func run(_ words: ArraySlice<String>) -> EnduranceRun? {
        var run = EnduranceRun()
        var words = words
        while let word = words.popFirst() {
            guard let number = words.popFirst().flatMap({ Int($0) }), number > 0 else { return nil }
            switch word {
            case "--calls": run.calls = number
            case "--share" where number < 100: run.share = Double(number) / 100
            case "--seed": run.seed = UInt64(number)
            case "--concurrency": run.concurrency = number
            default: return nil
            }
        }
        return run
    }

    private static func show(_ report: EnduranceReport) {
        let stats = report.stats
        let seconds = Double(report.duration.components.seconds)
        print("calls                \(report.calls), in \(Int(seconds)) s")
        for call in stats.answers.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            let answers = stats.answers[call, default: [:]].sorted { $0.key < $1.key }
            let text = answers.map { "\($0.key == 0 ? "closed" : String($0.key)): \($0.value)" }.joined(separator: ", ")
            print("  \(call.rawValue.padding(toLength: 19, withPad: " ", startingAt: 0))\(text)")
        }
        print("faults               \(report.faults)")
        for (name, count) in stats.faults.sorted(by: { $0.key < $1.key }) {
            print("  \(name.padding(toLength: 19, withPad: " ", startingAt: 0))\(count)")
        }
        print("exports requested    \(report.scenarios)")
        print("  completed          \(report.completed)")
        print("  gone at service    \(report.vanished)")
        print("exports created      \(stats.exportsCreated), \(stats.duplicateExports) of them twice")
        print("repeated requests    \(stats.repeatedCreates) creations answered with the existing export")
        print("downloads            \(stats.completedDownloads) complete of \(stats.downloads)")
        for problem in report.problems { print("PROBLEM              \(problem)") }
        print(report.problems.isEmpty ? "no problems" : "\(report.problems.count) problems or more")
    }
}
