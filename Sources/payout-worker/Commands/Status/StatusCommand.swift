import ArgumentParser
import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka
import WorkerRuntime

/// `status`: how the fleet stands, or one job, from Kafka alone.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the fleet stands, or what became of one job.",
        discussion: """
            Reads the group, the state topic and the results topic; no worker is asked, so it also tells when none \
            runs. With a job id: the job's life so far. Exits with 1 when the job is not known.

              payout-worker status
              payout-worker status --watch --interval 5s
              payout-worker status march --output json
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: "A job; the whole fleet without one.")
    var jobID: String?

    @Flag(name: .shortAndLong, help: "Show it again and again until interrupted.")
    var watch = false

    @Option(help: ArgumentHelp("The wait between two looks.", valueName: "duration"))
    var interval: String = "2s"

    func validate() throws { _ = try DurationArgument.parse(interval, "--interval") }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let pause = try DurationArgument.parse(interval, "--interval")
            let (jobID, isJSON, watch) = (jobID, outputOptions.isJSON, watch)
            try await untilInterrupted {
                repeat {
                    let text = try await Self.text(access, jobID, isJSON: isJSON, isLine: watch)
                    if watch, !isJSON, Terminal.isInteractive { Terminal.result("\u{1B}[H\u{1B}[2J") }
                    Terminal.result(text)
                    if watch { try await Task.sleep(for: pause) }
                } while watch
            }
        }
    }

    private static func text(
        _ access: KafkaAccess,
        _ jobID: String?,
        isJSON: Bool,
        isLine: Bool
    ) async throws -> String {
        guard let jobID else {
            let status = try await FleetStatus.read(access)
            return isJSON ? try json(status, isLine) : status.text
        }
        guard let timeline = try await JobTimeline.read(jobID, access) else {
            throw CommandFailure(
                "The job '\(jobID)' is in neither \(access.topics.state) nor \(access.topics.results) nor \(access.topics.jobs): it was never enqueued there, or is forgotten."
            )
        }
        return isJSON ? try json(timeline, isLine) : timeline.text
    }

    private static func json(_ value: some Encodable, _ isLine: Bool) throws -> String {
        isLine ? try JSONText.line(value) : try JSONText.document(value)
    }
}
