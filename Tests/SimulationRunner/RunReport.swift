import Foundation
import SimulationHarness

/// The sums of a run of many seeds, kept in a file from which the run continues when it is started again.
struct RunReport: Codable {
    /// What determines the outcomes; a report of another mode is not continued.
    private var mode = ""
    /// The first seed that was not simulated.
    private(set) var next: UInt64 = 0
    private(set) var steps = 0
    private(set) var virtualMilliseconds: Int64 = 0
    private(set) var counts: [String: Int] = [:]
    private(set) var failedSeeds: [UInt64] = []

    /// The report of an earlier run, or an empty one.
    init(_ arguments: Arguments) {
        // Code with changes has no name by which the outcomes could be known again.
        let isNamed = !arguments.revision.isEmpty && !arguments.revision.hasSuffix("-dirty")
        if isNamed, let url = Self.url(arguments), let data = try? Data(contentsOf: url),
            let known = try? JSONDecoder().decode(RunReport.self, from: data), known.mode == arguments.mode
        {
            self = known
            print("continues at seed \(next)")
        } else {
            (mode, next) = (arguments.mode, arguments.firstSeed)
        }
    }

    mutating func add(_ summary: Summary, through seeds: Range<UInt64>) {
        next = seeds.upperBound
        steps += summary.steps
        virtualMilliseconds += summary.virtualMilliseconds
        counts.merge(summary.counts) { $0 + $1 }
        failedSeeds += summary.failures.map { $0.options.seed }
    }

    /// Writes the report, if one is wanted.
    func write(_ arguments: Arguments) {
        guard let url = Self.url(arguments) else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try encoder.encode(self).write(to: url, options: .atomic)
        } catch {
            print("the report cannot be written: \(error)")
        }
    }

    private static func url(_ arguments: Arguments) -> URL? {
        arguments.report.map { URL(filePath: $0).appending(path: "simulate-\(arguments.delivery.rawValue).json") }
    }
}
