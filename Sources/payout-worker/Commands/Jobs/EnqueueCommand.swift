import ArgumentParser
import ExportCore
import ExportRecords
import KafkaClient

/// `enqueue`: writes jobs to the jobs topic.
struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Write export jobs to the jobs topic.",
        discussion: """
            One job from flags, many from a file of JSON documents (one a line; - is standard input), or generated \
            ones with --count. Jobs are checked before anything is sent, and go to the partition that the Java client \
            would choose. Prints the job ids; with --wait one line per finished job instead.

              payout-worker enqueue --kind payments --filter "paymentDate ge 2023-03-01" --format csv
              payout-worker enqueue --job-id march --kind transactionHistory --metadata requestedBy=billing --wait
              payout-worker enqueue --file jobs.jsonl
              payout-worker enqueue --count 1000 --prefix load --wait --timeout 10m
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup(title: "Job") var fields: JobFields

    @Option(help: ArgumentHelp("Jobs as JSON documents, one a line; - for standard input.", valueName: "path"))
    var file: String?

    @Option(help: "Generate this many jobs, spread over kinds and formats unless those are given.")
    var count: Int?

    @Option(help: "The beginning of generated job ids; the same ids again are the same jobs.")
    var prefix: String?

    @Flag(help: "Wait for the completion events; exit with 1 when a job does not complete.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "26h"

    @Flag(inversion: .prefixedNo, help: "Check jobs before sending them.")
    var check = true

    @Flag(name: .shortAndLong, help: "Print no job ids.")
    var quiet = false

    func validate() throws {
        if file != nil, count != nil { throw ValidationError("--file and --count exclude each other.") }
        if file != nil, !fields.isEmpty {
            throw ValidationError(
                "With --file everything about a job stands in the file; leave the flags of single jobs away."
            )
        }
        if let count, !(1...10_000_000).contains(count) {
            throw ValidationError("--count must be from 1 to 10000000.")
        }
        if count != nil, fields.jobID != nil { throw ValidationError("With --count use --prefix instead of --job-id.") }
        if prefix != nil, count == nil { throw ValidationError("--prefix is for --count.") }
        if file == nil, count == nil, fields.kind == nil, fields.requestID == nil {
            throw ValidationError(
                "Say what to export: --kind transactionHistory or --kind payments, or --file, or --count."
            )
        }
        _ = try DurationArgument.parse(timeout, "--timeout")
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let source = JobSource(fields: fields, file: file, count: count, prefix: prefix, isChecked: check)
            let jobs = try source.jobs()
            guard !jobs.isEmpty else { throw CommandFailure("There are no jobs to send.") }
            let limit = try DurationArgument.parse(timeout, "--timeout")
            guard wait else {
                try await JobSender(access: access).send(jobs)
                return try printIDs(jobs)
            }
            let ids = Set(jobs.compactMap(\.id))
            guard ids.count > 0 else { throw CommandFailure("Jobs without a readable jobId cannot be waited for.") }
            let waiting = CompletionWait(
                access: access,
                ids: ids,
                limit: limit,
                isJSON: outputOptions.isJSON,
                isQuiet: quiet
            )
            let allCompleted = try await waiting.run {
                try await JobSender(access: access).send(jobs)
                Terminal.note(
                    jobs.count == 1 ? "Sent job \(jobs[0].id ?? "")." : "Sent \(Readable.count(jobs.count, "job"))."
                )
            }
            if !allCompleted { throw ExitStatus.failed }
        }
    }

    private func printIDs(_ jobs: [PreparedJob]) throws {
        guard !quiet else { return }
        var lines = ResultLines()
        for job in jobs {
            let id = job.id ?? ""
            lines.add(outputOptions.isJSON ? try JSONText.line(["jobId": id]) : id)
        }
        lines.flush()
    }
}

/// The flags that make up one job.
struct JobFields: ParsableArguments {
    @Option(help: "transactionHistory or payments.")
    var kind: String?

    @Option(help: "OData filter, as the service takes it; everything of the last three years without one.")
    var filter: String?

    @Option(name: .customLong("format"), help: "csv or tsv; csv unless given.")
    var fileFormat: String?

    @Option(help: "Which configured credentials to use; default unless given.")
    var account: String?

    @Option(
        name: .customLong("job-id"),
        help: "The job's identity; a random one unless given. The same id again is the same job."
    )
    var jobID: String?

    @Option(help: ArgumentHelp("Not to be submitted earlier: RFC 3339, or a duration from now.", valueName: "moment"))
    var notBefore: String?

    @Option(help: ArgumentHelp("Failed after it: RFC 3339, or a duration from now.", valueName: "moment"))
    var deadline: String?

    @Option(help: "How many exports may be queued when the service ends them as Failed; 3 unless given.")
    var maxAttempts: Int?

    @Option(name: .customLong("request-id"), help: "Adopt an export that exists at the service; nothing is submitted.")
    var requestID: String?

    @Option(help: ArgumentHelp("Handed through to the completion event. Repeatable.", valueName: "key=value"))
    var metadata: [String] = []

    var isEmpty: Bool {
        kind == nil && filter == nil && fileFormat == nil && account == nil && jobID == nil && notBefore == nil
            && deadline == nil && maxAttempts == nil && requestID == nil && metadata.isEmpty
    }
}
