import ArgumentParser
import ExportRecords

/// `cancel`: writes cancel commands to the jobs topic.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs that have not finished.",
        discussion: """
            A job that was cancelled ends with a completion event of status cancelled. Its export is deleted at the \
            service where the service lets us. A job that has finished stays as it is.

              payout-worker cancel march
              payout-worker cancel march april --wait
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: ArgumentHelp("The jobs' ids.", valueName: "job-id"))
    var jobIDs: [String]

    @Flag(help: "Wait for the completion events; exit with 1 when a job ended in another way than cancelled.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "60s"

    func validate() throws {
        for id in jobIDs where !JobLimits.isJobID(id) {
            throw ValidationError("'\(id)' is no job id: 1 to 128 of A-Z a-z 0-9 . _ : -")
        }
        _ = try DurationArgument.parse(timeout, "--timeout")
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let jobs = jobIDs.map { PreparedJob(id: $0, record: JobEncoder().encodeCancel(id: $0)) }
            guard wait else {
                try await JobSender(access: access).send(jobs)
                for id in jobIDs { Terminal.result(outputOptions.isJSON ? try JSONText.line(["jobId": id]) : id) }
                return
            }
            let waiting = CompletionWait(
                access: access,
                ids: Set(jobIDs),
                limit: try DurationArgument.parse(timeout, "--timeout"),
                isJSON: outputOptions.isJSON,
                isQuiet: false,
                wanted: "cancelled"
            )
            let allCancelled = try await waiting.run { try await JobSender(access: access).send(jobs) }
            if !allCancelled { throw ExitStatus.failed }
        }
    }
}
