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
            Start as many as there are partitions of the jobs topic to share the work. SIGTERM or SIGINT hands the \
            jobs over and ends within WORKER_SHUTDOWN_TIMEOUT; a second one ends at once. SIGHUP reads the accounts \
            anew and tries paused ones at once; a mounted secret that changes is noticed without it.

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
            try await Worker(configuration, logger: logger, settings: { try options.settings() }).run()
        }
    }
}
