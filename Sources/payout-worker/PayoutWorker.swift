import ArgumentParser

/// The command.
@main
struct PayoutWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payout-worker",
        abstract: "Runs payout exports of Microsoft's Partner Center from a Kafka topic.",
        discussion: """
            Takes export jobs from the jobs topic, runs them through the payout API, and publishes one completion \
            event per job to the results topic. Configured by environment variables, by a file (--config) or by \
            flags; 'payout-worker check-config' shows every value and where it came from.

            Results go to standard output, logs to standard error.
            Exit status: 0 done, 1 it failed, 64 wrong usage, 78 wrong configuration.
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, DemoCommand.self, EnqueueCommand.self, CancelCommand.self, ResultsCommand.self,
            StatusCommand.self, TopicsCommand.self, DeadLettersCommand.self, ExportCommand.self,
            CheckConfigCommand.self, SandboxCommand.self,
        ]
    )
}

/// The program's version.
enum Version {
    static let text = "0.1.0"
    /// The commit that the program was built from, where the build says so.
    static let revision = "unknown"
}
