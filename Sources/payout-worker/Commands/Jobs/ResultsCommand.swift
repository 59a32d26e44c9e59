import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import Primitives
import WorkerKafka
import WorkerRuntime

/// `results`: reads completion events.
struct ResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Print completion events from the results topic.",
        discussion: """
            Reads only committed events. The table omits the signature of a file's URL; --output json prints each event \
            unchanged, one per line, with the whole URL. With --since or --last, and without --follow, events are sorted by \
            time: when the job or the batch ended, or a rejected record was read. Many events are sorted in a temporary \
            file, in the folder TMPDIR.

              payout-worker results
              payout-worker results --follow --from end
              payout-worker results --job march --output json
              payout-worker results --since 2h --status failed,rejected
              payout-worker results --last 20
            """
    )

    /// Where reading starts.
    enum Origin: String, ExpressibleByArgument, CaseIterable {
        case beginning
        case end
    }

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    @Flag(name: .shortAndLong, help: "Continue with new events until interrupted.")
    var follow = false

    @Option(help: ArgumentHelp("Only events of this job. Repeatable.", valueName: "id"))
    var job: [String] = []

    @Option(help: "Where to start: beginning or end.")
    var from: Origin = .beginning

    @Option(
        help: ArgumentHelp(
            "Only events since this time, in RFC 3339 or as a duration before now.",
            valueName: "time"
        )
    )
    var since: String?

    @Option(
        help: ArgumentHelp(
            "Only events with these statuses, separated by commas: completed, failed, cancelled, rejected; of batches also partial, incomplete.",
            valueName: "statuses"
        )
    )
    var status: String?

    @Option(help: ArgumentHelp("Only this many of the newest events.", valueName: "number"))
    var last: Int?

    func validate() throws {
        if from == .end, !follow { throw ValidationError("--from end without --follow prints nothing; add --follow.") }
        if let last, last < 1 { throw ValidationError("--last must be at least 1.") }
        if last != nil, follow { throw ValidationError("Use either --last or --follow, not both.") }
        _ = try selection()
    }

    private func selection() throws -> EventSelection {
        var selection = EventSelection(keys: Set(job.map { Array($0.utf8) }), last: last)
        selection.since = try since.map { try TimeArgument.parse($0, "--since", now: SystemClock().now()) }
        selection.isSorted = !follow && (since != nil || last != nil)
        if let status { try selection.add(statuses: status) }
        return selection
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let selection = try selection()
            let (isJSON, width) = (outputOptions.isJSON, tableOptions.width)
            let (follow, start) = (follow, from == .end ? TopicScan.Start.end : .beginning)
            try await untilInterrupted {
                try await access.withAdmin { admin in
                    try await access.withReader { reader in
                        let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                        let printer = EventPrinter(isJSON: isJSON, width: width, selection)
                        if follow {
                            try await scan.follow(from: start, idle: printer.flush, printer.receive)
                        } else {
                            try await scan.read(from: start, printer.receive)
                            try printer.end()
                            if printer.count == 0 { Terminal.note("No completion events found.") }
                        }
                    }
                }
            }
        }
    }
}

/// Which events are printed.
private struct EventSelection {
    /// The keys of records; empty for all.
    var keys: Set<[UInt8]>
    /// Empty for all.
    private(set) var statuses: Set<String> = []
    var since: Instant?
    var last: Int?
    var isSorted = false

    private static let known = JobStatus.allCases.map(\.name) + JobBatchStatus.allCases.map(\.name)

    init(keys: Set<[UInt8]>, last: Int?) {
        self.keys = keys
        self.last = last
    }

    mutating func add(statuses text: String) throws {
        for name in text.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard Self.known.contains(name) else {
                throw ValidationError(
                    "--status: '\(name)' is unknown. Use completed, failed, cancelled, rejected, partial or incomplete, separated by commas."
                )
            }
            statuses.insert(name)
        }
        if statuses.isEmpty { throw ValidationError("--status names no status.") }
    }

    func contains(status: String, at time: Instant) -> Bool {
        (statuses.isEmpty || statuses.contains(status)) && time >= since ?? time
    }
}

/// Prints events: as they arrive, or in the order of their times at the end.
private final class EventPrinter {
    private let isJSON: Bool
    private let selection: EventSelection
    private var lines = ResultLines()
    private var table: StreamedTable
    /// The lines of JSON, or the cells, that are printed at the end.
    private var sorted: SortedLines
    private(set) var count = 0

    init(isJSON: Bool, width: Int?, _ selection: EventSelection) {
        self.isJSON = isJSON
        table = StreamedTable(
            ["JOB", "STATUS", "FINISHED", "KIND", "ATTEMPTS", "TOOK", "FILE OR ERROR"],
            rightAligned: [4, 5],
            optional: [3, 4, 5],
            fitting: width
        )
        self.selection = selection
        sorted = SortedLines(last: selection.last)
    }

    func flush() -> TopicScan.Step {
        for line in table.flush() { lines.add(line) }
        lines.flush()
        return .continue
    }

    /// Prints what is left.
    func end() throws {
        try sorted.forEach { print($0) }
        _ = flush()
    }

    func receive(_ record: KafkaRecord) throws -> TopicScan.Step {
        guard selection.keys.isEmpty || record.key.map(selection.keys.contains) ?? false else { return .continue }
        let value = record.value
        if let batch = EventDecoder().decodeBatch(value: value) {
            try add(batch.status, batch.times.finished, value) { Self.cells(batch) }
            return .continue
        }
        let event: CompletionEventDocument
        do throws(EventDecodingError) {
            event = try EventDecoder().decode(value: value)
        } catch {
            Terminal.note("\(record.topic)[\(record.partition)] offset \(record.offset): \(error)")
            return .continue
        }
        try add(event.status, event.times.finished ?? event.times.accepted, value) { Self.cells(event) }
        return .continue
    }

    private func add(_ status: String, _ time: String, _ value: [UInt8]?, _ cells: () -> [String]) throws {
        let time = Instant(rfc3339: time) ?? Instant(milliseconds: 0)
        guard selection.contains(status: status, at: time) else { return }
        count += 1
        // Printable text has no character that separates cells.
        let line =
            isJSON
            ? String(decoding: value ?? [], as: UTF8.self)
            : cells().map(TextTable.printable).joined(separator: Self.separator)
        guard selection.isSorted else { return print(line) }
        try sorted.add(line, at: time)
    }

    private func print(_ line: String) {
        guard !isJSON else { return lines.add(line) }
        for row in table.add(line.components(separatedBy: Self.separator)) { lines.add(row) }
    }

    private static let separator = "\u{1F}"

    private static func cells(_ event: BatchEventDocument) -> [String] {
        [
            event.batchId, event.status, event.times.finished.prefix(19) + "Z", "batch", "-", "-",
            EventLine.outcome(event),
        ]
    }

    private static func cells(_ event: CompletionEventDocument) -> [String] {
        [
            event.jobId, event.status, event.times.finished.map { $0.prefix(19) + "Z" } ?? "-", event.kind ?? "-",
            String(event.attempts), event.took.map(\.shortText) ?? "-", EventLine.outcome(event),
        ]
    }
}
