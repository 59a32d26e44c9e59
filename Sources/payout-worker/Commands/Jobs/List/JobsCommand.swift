import ArgumentParser
import ExportCore
import ExportRecords
import WorkerKafka
import WorkerRuntime

/// `jobs`: commands for jobs that exist already.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List jobs, show single ones, cancel them and enqueue them again.",
        discussion: """
            Reads the topics, so it works even if no worker runs and no console is reachable.
            """,
        subcommands: [JobsListCommand.self, JobsShowCommand.self, JobsCancelCommand.self, JobsRetryCommand.self]
    )
}

/// `jobs list`
struct JobsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List jobs by their newest state, the oldest first.",
        discussion: """
            Without --status, open jobs are listed. Rejected records are read from the results topic.

              payout-worker jobs list
              payout-worker jobs list --status failed,rejected --since 1d
              payout-worker jobs list --account emea --older-than 1h --output json
              payout-worker jobs list --batch fy26 --status open,finished
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    @Option(
        help: ArgumentHelp(
            "States, separated by commas: open, accepted, submitting, waiting, ready, finished, completed, failed, cancelled, rejected.",
            valueName: "states"
        )
    )
    var status: String = "open"

    @Option(help: ArgumentHelp("Only jobs of this account.", valueName: "name"))
    var account: String?

    @Option(help: ArgumentHelp("Only jobs of this batch.", valueName: "id"))
    var batch: String?

    @Option(help: "Only jobs of this kind: transactionHistory or payments.")
    var kind: String?

    @Option(help: ArgumentHelp("Only jobs with this text in their id, request id or metadata.", valueName: "text"))
    var text: String?

    @Option(help: ArgumentHelp("Only jobs that were accepted longer ago.", valueName: "duration"))
    var olderThan: String?

    @Option(
        help: ArgumentHelp(
            "Only jobs accepted since this time, in RFC 3339 or as a duration before now.",
            valueName: "time"
        )
    )
    var since: String?

    @Option(
        help: ArgumentHelp("Only jobs with this member in their metadata. Repeatable.", valueName: "key=value")
    )
    var metadata: [String] = []

    @Option(help: ArgumentHelp("How many jobs to print at most.", valueName: "number"))
    var limit: Int = 100

    func validate() throws {
        _ = try selection()
        guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let list = try await JobList.read(try selection(), access)
            if outputOptions.isJSON {
                for row in list.rows.prefix(limit) { Terminal.result(try JSONText.line(row)) }
            } else if !list.rows.isEmpty {
                Terminal.result(list.table(limit).rendered(fitting: tableOptions.width))
            }
            for note in list.notes(limit) { Terminal.note(note) }
        }
    }

    private func selection() throws -> JobListFilter {
        var selection = JobListFilter()
        try selection.add(states: status)
        selection.account = account
        selection.batch = batch
        selection.text = text
        if let kind {
            selection.kind = ExportKind(name: kind)
            guard selection.kind != nil else {
                throw ValidationError("--kind must be transactionHistory or payments.")
            }
        }
        selection.olderThan = try olderThan.map { try DurationArgument.parse($0, "--older-than") }
        selection.since = try since.map { try TimeArgument.parse($0, "--since", now: SystemClock().now()) }
        selection.metadata = try PairArgument.parse(metadata, "--metadata")
        return selection
    }
}

/// `jobs show`
struct JobsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show all that the topics contain about a job.",
        discussion: """
            Exits with 1 if the job is unknown.

              payout-worker jobs show march
              payout-worker jobs show march --output json
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: ArgumentHelp("The job's id.", valueName: "job-id"))
    var jobID: String

    func validate() throws { try IDArgument.check(jobID) }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let timeline = try await JobTimeline.known(jobID, access)
            Terminal.result(outputOptions.isJSON ? try JSONText.document(timeline) : timeline.text)
        }
    }
}
