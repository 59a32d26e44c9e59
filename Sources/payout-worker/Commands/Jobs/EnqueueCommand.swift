public import ArgumentParser
import ExportCore
import ExportRecords
import KafkaClient
public import PayoutFilters
import Primitives

/// `enqueue`: writes jobs to the jobs topic.
struct EnqueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Write export jobs to the jobs topic.",
        discussion: """
            Enqueues one job from flags, one for each month, week or day with --split, many from a file of JSON documents \
            (one per line; - is standard input), or generated ones with --count. All jobs are checked before any is sent, \
            and are partitioned as by the Java client. Prints the job ids, or with --wait one line per finished job.

            A period selects rows by payoutStatusUpdateTS (payments) or earningForDate (transactionHistory). Days begin at \
            00:00 UTC, and the end of a period does not belong to it. Job ids are then derived from the selection, so that \
            the same command again does not export again while the worker remembers the jobs (WORKER_DEDUPLICATION_WINDOW). \
            A selection that is not over (--last, no end, or an end after today) has other ids every day.

              payout-worker enqueue --kind payments --month 2026-10 --wait
              payout-worker enqueue --kind payments --from 2025-07-01 --to 2026-07-01 \\
                  --split month --batch fy26 --wait
              payout-worker enqueue --kind transactionHistory --last 30d \\
                  --program "CSP Direct Bill Partner" --dry-run
              payout-worker enqueue --kind payments --format csv \\
                  --filter "payoutStatusUpdateTS ge 2023-03-01"
              payout-worker enqueue --job-id march --kind transactionHistory \\
                  --month 2026-03 --metadata requestedBy=billing
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

    @Option(help: "One job for each calendar month, week (from Monday) or day of the period.")
    var split: FilterPeriod.Unit?

    @Option(
        help: ArgumentHelp(
            "Make the jobs one batch with this id, of at most \(JobSelection.maximumJobs) jobs.",
            valueName: "id"
        )
    )
    var batch: String?

    @Flag(help: "Give the jobs new ids, so that they run although the same selection was enqueued before.")
    var again = false

    @Flag(help: "Print the jobs, one JSON document per line, and send nothing.")
    var dryRun = false

    @Flag(
        help:
            "Wait for the completion events, with --batch also for the batch's; exit with 1 if a job or the batch does not complete."
    )
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
        try validateSelection()
        if file == nil, count == nil, fields.kind == nil, fields.requestID == nil {
            throw ValidationError(
                "Specify what to export: --kind transactionHistory or --kind payments, or --file, or --count."
            )
        }
        _ = try DurationArgument.parse(timeout, "--timeout")
    }

    func run() async throws {
        try await reportingErrors {
            let settings = try options.settings()
            var source = JobSource(fields: fields, file: file, count: count, prefix: prefix, isChecked: check)
            (source.split, source.batch, source.isAgain) = (split, batch, again)
            source.rule = FilterRule(settings)
            let jobs = try source.jobs()
            guard !jobs.isEmpty else { throw CommandFailure("The input contains no jobs. Nothing was sent.") }
            if dryRun { return printDocuments(jobs) }
            let access = try KafkaAccess(settings)
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
                isQuiet: quiet,
                batch: batch
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

    /// The rules between the flags of a selection.
    private func validateSelection() throws {
        let isMany = file != nil || count != nil
        if isMany, split != nil || batch != nil || again || fields.selection.isDerived {
            throw ValidationError(
                "--file and --count define their jobs completely: remove --split, --batch, --again and the period."
            )
        }
        if fields.requestID != nil, count != nil || split != nil || batch != nil || fields.selection.isDerived {
            throw ValidationError(
                "--request-id adopts one export, which is one job and has its rows already: remove --count, --split, --batch, and the period, participants and programs."
            )
        }
        if again, fields.jobID != nil { throw ValidationError("Use either --again or --job-id, not both.") }
        if again, batch != nil {
            throw ValidationError("A batch has its jobs once: instead of --again give another id with --batch.")
        }
        if split != nil, fields.jobID != nil {
            throw ValidationError("With --split every job has its own id: remove --job-id.")
        }
        if split != nil, fields.selection.period == nil {
            throw ValidationError("--split requires a period: --month, --last, or --from and --to.")
        }
        if let batch { try IDArgument.check(batch, "batch id") }
        guard fields.jobID == nil, !again, split != nil || batch != nil || fields.selection.isDerived else { return }
        for (flag, text) in [("--deadline", fields.deadline), ("--not-before", fields.notBefore)] {
            guard let text, Duration(parsing: text) != nil else { continue }
            throw ValidationError(
                "\(flag) '\(text)' is another time at every run, and the job ids are derived from the selection: the same "
                    + "command again would ask for other work under the same id. Give a time such as "
                    + "2026-12-01T00:00:00Z, or use --again or --job-id."
            )
        }
    }

    private func printDocuments(_ jobs: [PreparedJob]) {
        var lines = ResultLines()
        for job in jobs { lines.add(String(decoding: job.record.value ?? [], as: UTF8.self)) }
        lines.flush()
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

extension FilterPeriod.Unit: ExpressibleByArgument {}
