import ArgumentParser
import ExportRecords
import KafkaClient
import Primitives
import WorkerKafka

/// `results`: reads completion events.
struct ResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Print completion events from the results topic.",
        discussion: """
            Reads only committed events. The table omits the signature of a file's URL; --output json prints each event \
            unchanged, one per line, with the whole URL.

              payout-worker results
              payout-worker results --follow --from end
              payout-worker results --job march --output json
            """
    )

    /// Where reading starts.
    enum Origin: String, ExpressibleByArgument, CaseIterable {
        case beginning
        case end
    }

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Flag(name: .shortAndLong, help: "Continue with new events until interrupted.")
    var follow = false

    @Option(help: ArgumentHelp("Only events of this job. Repeatable.", valueName: "id"))
    var job: [String] = []

    @Option(help: "Where to start: beginning or end.")
    var from: Origin = .beginning

    func validate() throws {
        if from == .end, !follow { throw ValidationError("--from end without --follow prints nothing; add --follow.") }
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let wanted = Set(job.map { Array($0.utf8) })
            let isJSON = outputOptions.isJSON
            let (follow, start) = (follow, from == .end ? TopicScan.Start.end : .beginning)
            try await untilInterrupted {
                try await access.withAdmin { admin in
                    try await access.withReader { reader in
                        let scan = TopicScan(access: access, admin: admin, reader: reader, topic: access.topics.results)
                        let printer = EventPrinter(isJSON: isJSON, wanted: wanted)
                        if follow {
                            try await scan.follow(from: start, idle: printer.flush, printer.receive)
                        } else {
                            try await scan.read(from: start, printer.receive)
                            _ = printer.flush()
                            if printer.count == 0 { Terminal.note("No completion events found.") }
                        }
                    }
                }
            }
        }
    }
}

/// Prints events as they arrive.
private final class EventPrinter {
    private static let headers = ["FINISHED", "JOB", "STATUS", "KIND", "ATTEMPTS", "TOOK", "FILE OR ERROR"]
    private static let widths = [20, 36, 9, 18, 8, 10, 0]
    private let isJSON: Bool
    private let wanted: Set<[UInt8]>
    private var lines = ResultLines()
    private var hasHeader = false
    private(set) var count = 0

    init(isJSON: Bool, wanted: Set<[UInt8]>) {
        self.isJSON = isJSON
        self.wanted = wanted
    }

    func flush() -> TopicScan.Step {
        lines.flush()
        return .continue
    }

    func receive(_ record: KafkaRecord) -> TopicScan.Step {
        guard wanted.isEmpty || record.key.map(wanted.contains) ?? false else { return .continue }
        count += 1
        let value = record.value
        if let batch = EventDecoder().decodeBatch(value: value) {
            if isJSON { lines.add(String(decoding: value ?? [], as: UTF8.self)) } else { add(batch) }
            return .continue
        }
        do throws(EventDecodingError) {
            let event = try EventDecoder().decode(value: value)
            if isJSON {
                lines.add(String(decoding: value ?? [], as: UTF8.self))
            } else {
                add(event)
            }
        } catch {
            Terminal.note("\(record.topic)[\(record.partition)] offset \(record.offset): \(error)")
        }
        return .continue
    }

    private func add(_ event: BatchEventDocument) {
        addRow([
            event.times.finished.prefix(19) + "Z", event.batchId, event.status, "batch", "-", "-",
            EventLine.outcome(event),
        ])
    }

    private func add(_ event: CompletionEventDocument) {
        addRow([
            event.times.finished.map { $0.prefix(19) + "Z" } ?? "-", event.jobId, event.status, event.kind ?? "-",
            String(event.attempts), event.took.map(\.shortText) ?? "-", EventLine.outcome(event),
        ])
    }

    private func addRow(_ cells: [String]) {
        if !hasHeader { lines.add(TextTable.line(Self.headers, widths: Self.widths)) }
        hasHeader = true
        lines.add(TextTable.line(cells.map(TextTable.printable), widths: Self.widths))
    }
}
