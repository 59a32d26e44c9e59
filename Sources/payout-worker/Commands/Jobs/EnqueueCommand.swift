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
            Enqueues one job from flags, many from a file of JSON documents (one per line; - is standard input), or \
            generated ones with --count. All jobs are checked before any is sent, and are partitioned as by the Java \
            client. Prints the job ids, or with --wait one line per finished job.

              payout-worker enqueue --kind payments --filter "paymentDate ge 2023-03-01" --format csv
              payout-worker enqueue --job-id march --kind transactionHistory --metadata requestedBy=billing --wait
              payout-worker enqueue --file jobs.jsonl
              payout-worker enqueue --count 1000 --prefix load --wait --timeout 10m
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup(title: "Job") var fields: JobFields

    @Option(help: ArgumentHelp("Jobs as JSON documents, one per line; - for standard input.", valueName: "path"))
    var file: String?

    @Option(help: "Generate this many jobs, of all kinds and formats unless you set these.")
    var count: Int?

    @Option(help: "Prefix of generated job ids. Enqueuing the same ids again does not run the jobs again.")
    var prefix: String?

    @Flag(help: "Wait for the completion events; exit with 1 if a job does not complete.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "26h"

    @Flag(inversion: .prefixedNo, help: "Check jobs before sending them.")
    var check = true

    @Flag(name: .shortAndLong, help: "Do not print job ids.")
    var quiet = false

    func validate() throws {
        if file != nil, count != nil { throw ValidationError("Use either --file or --count, not both.") }
        if file != nil, !fields.isEmpty {
            throw ValidationError(
                "With --file the file defines the jobs completely. Remove the flags that define a single job."
            )
        }
        if let count, !(1...10_000_000).contains(count) {
            throw ValidationError("--count must be from 1 to 10000000.")
        }
        if count != nil, fields.jobID != nil { throw ValidationError("With --count use --prefix instead of --job-id.") }
        if prefix != nil, count == nil { throw ValidationError("--prefix requires --count.") }
        if file == nil, count == nil, fields.kind == nil, fields.requestID == nil {
            throw ValidationError(
                "Specify what to export: --kind transactionHistory or --kind payments, or --file, or --count."
            )
        }
        _ = try DurationArgument.parse(timeout, "--timeout")
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let source = JobSource(fields: fields, file: file, count: count, prefix: prefix, isChecked: check)
            let jobs = try source.jobs()
            guard !jobs.isEmpty else { throw CommandFailure("The input contains no jobs. Nothing was sent.") }
            let limit = try DurationArgument.parse(timeout, "--timeout")
            guard wait else {
                try await JobSender(access: access).send(jobs)
                return try printIDs(jobs)
            }
            let ids = Set(jobs.compactMap(\.id))
            guard ids.count > 0 else {
                throw CommandFailure("--wait requires jobs with a readable jobId. Nothing was sent.")
            }
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
                    jobs.count == 1 ? "Sent job \(jobs[0].id ?? "")." : "Sent \(Formatting.count(jobs.count, "job"))."
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

/// The flags that define one job.
struct JobFields: ParsableArguments {
    @Option(help: "Kind of export: transactionHistory or payments.")
    var kind: String?

    @Option(help: "OData filter. Default: everything of the last three years.")
    var filter: String?

    @Option(name: .customLong("format"), help: "File format: csv or tsv. Default: csv.")
    var fileFormat: String?

    @Option(help: "Name of the configured account. Default: default.")
    var account: String?

    @Option(
        name: .customLong("job-id"),
        help: "Idempotency key: enqueuing the same id again does not run the job again. Default: a random id."
    )
    var jobID: String?

    @Option(help: ArgumentHelp("Earliest submission: RFC 3339, or a duration from now.", valueName: "time"))
    var notBefore: String?

    @Option(help: ArgumentHelp("Time after which the job fails: RFC 3339, or a duration from now.", valueName: "time"))
    var deadline: String?

    @Option(help: "How many exports to try if the service ends them as Failed. Default: 3.")
    var maxAttempts: Int?

    @Option(
        name: .customLong("request-id"),
        help: "Adopt this existing export at the service instead of submitting one."
    )
    var requestID: String?

    @Option(
        help: ArgumentHelp(
            "Metadata that is passed through to the completion event. Repeatable.",
            valueName: "key=value"
        )
    )
    var metadata: [String] = []

    var isEmpty: Bool {
        kind == nil && filter == nil && fileFormat == nil && account == nil && jobID == nil && notBefore == nil
            && deadline == nil && maxAttempts == nil && requestID == nil && metadata.isEmpty
    }
}
