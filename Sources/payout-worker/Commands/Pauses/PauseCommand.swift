import ArgumentParser
import ExportCore
import ExportRecords
import WorkerRuntime
import WorkerTelemetry

/// `pause`: holds jobs of the whole fleet back.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold back the submissions of jobs, in all workers.",
        discussion: """
            Jobs are accepted and wait. Exports that are submitted already are polled and their files stored, unless you set \
            --calls. Deadlines continue to run, and jobs can be cancelled. A pause survives restarts; it ends at --until or \
            with 'payout-worker resume'. A pause of the same account and kind is replaced.

            Without --yes, the command prints how many open jobs it would hold back, sends nothing, and exits with 1. It waits \
            up to five seconds for the workers, and fails if they refuse it, for example because they have no such account.

              payout-worker pause --account emea --for 2h --reason "new credentials" --yes
              payout-worker pause --kind payments --until 2026-12-01T06:00:00Z --yes
              payout-worker pause --calls --yes
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var targetOptions: PauseTargetOptions

    @Option(help: ArgumentHelp("When the pause ends automatically, in RFC 3339.", valueName: "time"))
    var until: String?

    @Option(name: .customLong("for"), help: ArgumentHelp("How long the pause lasts.", valueName: "duration"))
    var duration: String?

    @Option(help: ArgumentHelp("Why; the dashboard, readiness and the log show it.", valueName: "text"))
    var reason: String?

    @Flag(help: "Hold back polls and downloads too.")
    var calls = false

    @Flag(help: "Pause the jobs.")
    var yes = false

    func validate() throws {
        if until != nil, duration != nil { throw ValidationError("Use either --until or --for, not both.") }
        if let reason, reason.utf8.count > JobLimits.reasonBytes {
            throw ValidationError("--reason must have at most \(JobLimits.reasonBytes) bytes.")
        }
        if let end = try end(), end <= SystemClock().now() {
            throw ValidationError("The pause must end in the future, not at \(end.rfc3339).")
        }
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let pause = JobPause(
                target: targetOptions.target,
                until: try end(),
                reason: reason,
                holdsCalls: calls
            )
            guard yes else {
                let count = try await Self.heldJobs(of: pause, access)
                Terminal.note(
                    "This would pause \(pause.phrase): \(Formatting.count(count, "open job")). Nothing was sent; add --yes to pause."
                )
                throw ExitStatus.failed
            }
            let outcome = try await ControlWatch(access: access).send(JobEncoder().encode(pause))
            if outputOptions.isJSON {
                Terminal.result(try JSONText.line(ControlResult(action: "pause", pause: pause, outcome)))
            } else {
                Terminal.result(outcome.text("Paused \(pause.phrase)"))
            }
        }
    }

    private func end() throws -> Instant? {
        if let duration {
            return SystemClock().now().advanced(by: try DurationArgument.parse(duration, "--for"))
        }
        guard let until else { return nil }
        guard let end = Instant(rfc3339: until) else {
            throw ValidationError("--until must be a time such as 2026-12-01T00:00:00Z, not '\(until)'.")
        }
        return end
    }

    /// How many open jobs the pause holds back: without their calls, only those that have no export yet.
    private static func heldJobs(of pause: JobPause, _ access: KafkaAccess) async throws -> Int {
        var filter = JobListFilter()
        try filter.add(states: pause.holdsCalls ? "open" : "accepted,submitting")
        filter.account = pause.target.account
        filter.kind = pause.target.kind
        return try await JobList.read(filter, access).rows.count
    }
}

/// `resume`: ends pauses of the whole fleet.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "End pauses, in all workers.",
        discussion: """
            Ends every pause whose jobs are all among those that you name. Without --account and --kind it ends all pauses.

              payout-worker resume
              payout-worker resume --account emea
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var targetOptions: PauseTargetOptions

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let target = targetOptions.target
            let outcome = try await ControlWatch(access: access).send(JobEncoder().encodeResume(target))
            if outputOptions.isJSON {
                let result = ControlResult(action: "resume", pause: JobPause(target: target), outcome)
                Terminal.result(try JSONText.line(result))
            } else {
                Terminal.result(outcome.text("Resumed \(target.phrase)"))
            }
        }
    }
}

/// What was sent, for programs.
private struct ControlResult: Encodable {
    var action: String
    var account: String?
    var kind: String?
    var until: String?
    var partitions: Int
    /// Partitions whose worker has not read the command yet.
    var pending: Int

    init(action: String, pause: JobPause, _ outcome: ControlWatch.Outcome) {
        self.action = action
        account = pause.target.account
        kind = pause.target.kind?.name
        until = pause.until?.rfc3339
        partitions = outcome.partitions
        pending = outcome.pending
    }
}
