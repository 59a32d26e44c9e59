import ArgumentParser
import ExportCore
import ExportRecords

/// `cancel`: writes cancel commands to the jobs topic.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs that have not finished.",
        discussion: """
            Unknown and finished jobs are reported; the others are cancelled. The exit status is 1 if a job is unknown, with \
            --wait also if one ended with another status. A cancelled job gets a completion event with the status cancelled. \
            The worker deletes its export at the service if the service allows it.

              payout-worker cancel march
              payout-worker cancel march april --wait
              payout-worker cancel fy26-2026-10 --batch fy26
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: ArgumentHelp("The jobs' ids.", valueName: "job-id"))
    var jobIDs: [String]

    @Option(help: ArgumentHelp("The jobs' batch, whose id is the key of their records.", valueName: "id"))
    var batch: String?

    @Flag(help: "Wait for the completion events; exit with 1 if a job ends with another status than cancelled.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "60s"

    func validate() throws {
        for id in jobIDs { try IDArgument.check(id) }
        if let batch { try IDArgument.check(batch, "batch id") }
        _ = try DurationArgument.parse(timeout, "--timeout")
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let found = try await JobLookup(access: access).find(jobIDs, batch: batch)
            for id in jobIDs {
                if let absence = found.absent[id] { Terminal.error("The job '\(id)' \(absence.text(inBatch: batch)).") }
            }
            let ids = jobIDs.filter { found.absent[$0] == nil }
            if !ids.isEmpty { try await cancel(ids, found.batches, access) }
            // A job that has finished is not an error, unless the command waits for its cancellation.
            let failed = found.absent.values.contains {
                if case .finished(let status) = $0 { wait && status != .cancelled } else { true }
            }
            if failed { throw ExitStatus.failed }
        }
    }

    private func cancel(_ ids: [String], _ batches: [String: String], _ access: KafkaAccess) async throws {
        let jobs = ids.map { PreparedJob(id: $0, record: JobEncoder().encodeCancel(id: $0, batchID: batches[$0])) }
        guard wait else {
            try await JobSender(access: access).send(jobs)
            for id in ids { Terminal.result(outputOptions.isJSON ? try JSONText.line(["jobId": id]) : id) }
            return
        }
        let waiting = CompletionWait(
            access: access,
            ids: Set(ids),
            limit: try DurationArgument.parse(timeout, "--timeout"),
            isJSON: outputOptions.isJSON,
            isQuiet: false,
            wanted: "cancelled"
        )
        let allCancelled = try await waiting.run { try await JobSender(access: access).send(jobs) }
        if !allCancelled { throw ExitStatus.failed }
    }
}
