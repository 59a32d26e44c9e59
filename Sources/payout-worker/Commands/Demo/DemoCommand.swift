import ArgumentParser
import FileStores
import Foundation
import Logging
import PayoutSandbox
import WorkerRuntime

/// `demo`: the whole thing in one process, without Kafka and without credentials.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a worker at work: embedded broker, sandbox API, some twenty jobs, files on disk.",
        discussion: """
            Needs nothing else and ends by itself within a minute. Enqueues jobs of both kinds and formats, one of \
            them twice and one that is not valid, lets a worker run them, and checks what became of them. Exits with \
            1 when anything is missing.

              payout-worker demo
              payout-worker demo --jobs 40 --files ./exports
            """
    )

    @Option(help: "Jobs to run.")
    var jobs: Int = 20

    @Option(
        help: ArgumentHelp(
            "Where the files go; a fresh temporary directory, which is kept, unless given.",
            valueName: "dir"
        )
    )
    var files: String?

    @OptionGroup var outputOptions: OutputOptions

    func validate() throws {
        guard (1...150).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 150.") }
    }

    func run() async throws {
        try await reportingErrors {
            let location = try filesLocation()
            let sandbox = PayoutSandbox(configuration: Self.sandboxConfiguration)
            let broker = try DemoBroker(try Settings(environment: [:]), brokers: 1, partitions: 4)
            let address = try await sandbox.start()
            let given = ProcessInfo.processInfo.environment.filter { name, _ in
                Self.honoured.contains(name) || name.hasPrefix("FILES_") || name.hasPrefix("AWS_")
            }
            // A port that is taken must not end a demo.
            let port = given["HTTP_PORT"].map { ("HTTP_PORT", $0) } ?? ("HTTP_PORT", "0")
            let settings = try Settings(
                flags: Dictionary(
                    [port] + broker.environment + address.environment + Self.pace + [("FILES_LOCATION", location)],
                    uniquingKeysWith: { $1 }
                ),
                // Credentials and brokers of the real thing have no place here.
                environment: given
            )
            Terminal.note(
                "Embedded broker at \(broker.environment[0].1), sandbox of the payout API at \(address.baseURL)"
            )
            Terminal.note("Files go to \(location)")
            let configuration = try WorkerConfiguration(settings)
            let run = DemoRun(
                configuration: configuration,
                logger: try LogSetup.makeToolLogger(settings, level: .error),
                plan: DemoPlan(jobs: jobs)
            )
            let outcome: DemoOutcome
            do {
                outcome = try await run.outcome()
            } catch {
                await sandbox.stop()
                throw error
            }
            await sandbox.stop()
            broker.close()
            let store = try configuration.files.makeStore()
            let fileProblems = await FileCheck(store: store).problems(run.plan.jobs, outcome)
            await store?.close()
            let report = DemoReport(plan: run.plan, outcome: outcome, fileProblems: fileProblems, sandbox: sandbox)
            Terminal.result(outputOptions.isJSON ? try JSONText.document(report.document) : report.text)
            if !report.isGood { throw ExitStatus.failed }
        }
    }

    /// Short waits, so that there is something to see.
    private static let pace = [
        ("WORKER_POLL_MIN_INTERVAL", "500ms"), ("WORKER_POLL_MAX_INTERVAL", "2s"),
        ("WORKER_COMMIT_INTERVAL", "50ms"), ("WORKER_SHUTDOWN_TIMEOUT", "10s"),
        ("PAYOUT_API_REQUESTS_PER_SECOND", "100"), ("PAYOUT_API_AUTHENTICATION", "password"),
        ("KAFKA_GROUP_ID", "payout-export-demo"), ("WORKER_ID", "demo"),
    ]
    private static let honoured: Set<String> = ["LOG_LEVEL", "LOG_FORMAT", "HTTP_HOST", "HTTP_PORT", "HOME"]

    private static var sandboxConfiguration: PayoutSandbox.Configuration {
        var configuration = PayoutSandbox.Configuration.demo
        configuration.exports.queued = .uniform(.milliseconds(200), .seconds(2))
        configuration.exports.processing = .uniform(.milliseconds(800), .seconds(5))
        return configuration
    }

    private func filesLocation() throws -> String {
        if let files {
            let url = URL(fileURLWithPath: files, isDirectory: true).standardizedFileURL
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            return "file://" + url.path
        }
        if let location = ProcessInfo.processInfo.environment["FILES_LOCATION"], !location.isEmpty { return location }
        var template = Array((NSTemporaryDirectory() + "/payout-demo-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(
                "No temporary directory could be made in \(NSTemporaryDirectory()). Name one with --files."
            )
        }
        let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "file://" + URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
