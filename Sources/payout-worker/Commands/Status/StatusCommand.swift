import ArgumentParser
import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka
import WorkerRuntime

/// `status`: the status of the fleet or of one job, from Kafka alone.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the status of the fleet or of one job.",
        discussion: """
            Reads the group, the state topic and the results topic from Kafka, so it works even if no worker runs. Shows \
            the ages of refresh tokens if their files are on this machine. With a job id, it shows the job's timeline, \
            and exits with 1 if the job is unknown.

              payout-worker status
              payout-worker status --watch --interval 5s
              payout-worker status march --output json
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    @Argument(help: "The job's id. Default: the whole fleet.")
    var jobID: String?

    @Flag(name: .shortAndLong, help: "Refresh the output until interrupted.")
    var watch = false

    @Option(help: ArgumentHelp("Time between two refreshes.", valueName: "duration"))
    var interval: String = "2s"

    func validate() throws { _ = try DurationArgument.parse(interval, "--interval") }

    func run() async throws {
        try await reportingErrors {
            let settings = try options.settings()
            let access = try KafkaAccess(settings)
            let pause = try DurationArgument.parse(interval, "--interval")
            let (jobID, isJSON, watch, tables) = (jobID, outputOptions.isJSON, watch, tableOptions)
            try await untilInterrupted {
                repeat {
                    let text = try await Self.text(access, settings, jobID, tables, isJSON: isJSON, isLine: watch)
                    if watch, !isJSON, Terminal.isInteractive { Terminal.result("\u{1B}[H\u{1B}[2J") }
                    Terminal.result(text)
                    if watch { try await Task.sleep(for: pause) }
                } while watch
            }
        }
    }

    /// What one reading prints.
    ///
    /// - Parameter isLine: Whether JSON is one line, so that each reading of `--watch` is one.
    private static func text(
        _ access: KafkaAccess,
        _ settings: Settings,
        _ jobID: String?,
        _ tables: TableOptions,
        isJSON: Bool,
        isLine: Bool
    ) async throws -> String {
        guard let jobID else {
            var status = try await FleetStatus.read(access)
            let tokens = await RefreshTokenAge.read(settings)
            status.refreshTokens = tokens.ages
            status.notes += tokens.notes
            return isJSON ? try json(status, isLine) : status.text(fitting: tables.width)
        }
        let timeline = try await JobTimeline.known(jobID, access)
        return isJSON ? try json(timeline, isLine) : timeline.text
    }

    private static func json(_ value: some Encodable, _ isLine: Bool) throws -> String {
        isLine ? try JSONText.line(value) : try JSONText.document(value)
    }
}
