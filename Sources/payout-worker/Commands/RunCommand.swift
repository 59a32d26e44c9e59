import ArgumentParser
import Foundation
import Logging
import WorkerExports
import WorkerKafka
import WorkerRuntime

/// `run`: the worker.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a worker until it is stopped.",
        discussion: """
            To share the work, start up to one worker per partition of the jobs topic. On SIGTERM or SIGINT the worker \
            releases its jobs and exits within WORKER_SHUTDOWN_TIMEOUT; a second signal ends it at once. On SIGHUP it \
            reads the accounts again and tries paused ones at once. It notices changed secret files automatically.

              payout-worker topics create --partitions 6
              payout-worker run --config worker.yaml
            """
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        MemoryKeeper.limitHeaps()
        try await reportingErrors {
            let options = options
            let settings = try options.settings()
            let configuration = try WorkerConfiguration(settings)
            let logger = try LogSetup.makeLogger(settings)
            for unknown in settings.unknownVariables {
                logger.warning(
                    "Environment variable is not a setting",
                    metadata: ["setting": "\(unknown.name)", "remedy": "\(unknown.sentence)"]
                )
            }
            let ignored = configuration.log.propertiesWithoutEffect
            if !ignored.isEmpty {
                logger.notice(
                    "Settings have no effect with the group protocol",
                    metadata: ["setting": "\(Settings.clientVariables(ignored))"]
                )
            }
            try await Worker(configuration, logger: logger, settings: { try options.settings() }).run(
                heedsSignals: true
            )
        }
    }
}
