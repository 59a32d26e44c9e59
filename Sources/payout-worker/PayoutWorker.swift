import ArgumentParser

/// The command.
@main
struct PayoutWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payout-worker",
        abstract: "Run payout exports of Microsoft Partner Center from a Kafka topic.",
        discussion: """
            Takes export jobs from the jobs topic, runs them through the payout API, and publishes one completion \
            event per job to the results topic. You configure it with environment variables, a file (--config) or \
            flags; 'payout-worker check-config' shows every value and where it comes from.

            Results go to standard output, logs to standard error.
            Exit status: 0 success, 1 failure, 64 invalid usage, 78 invalid configuration.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, DemoCommand.self, SignInCommand.self, EnqueueCommand.self, JobsCommand.self,
            CancelCommand.self, PauseCommand.self, ResumeCommand.self, ResultsCommand.self, StatusCommand.self,
            TopicsCommand.self, DeadLettersCommand.self,
            ExportCommand.self,
            CheckConfigCommand.self, SandboxCommand.self,
        ]
    )
}
