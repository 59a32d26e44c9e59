import ArgumentParser
import FileStores
import Foundation
import Logging
import PayoutSandbox
import WorkerRuntime

/// `demo`: a broker, the API and a worker in one process, without Kafka and without credentials.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a demo: embedded broker, sandbox API, a worker, about twenty jobs, files on disk.",
        discussion: """
            Needs nothing else and ends within a minute. It enqueues jobs of both kinds and formats, one of them twice \
            and one that is invalid, lets a worker run them, and checks the results. It exits with 1 if a check fails.

              payout-worker demo
              payout-worker demo --jobs 40 --files ./exports
            """
    )

    @Option(help: "Number of jobs, from 1 to 150.")
    var jobs: Int = 20

    @Option(
        help: ArgumentHelp(
            "Directory for the files. Default: a new temporary directory, which is kept.",
            valueName: "dir"
        )
    )
    var files: String?

    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    func validate() throws {
        guard (1...150).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 150.") }
    }

    func run() async throws {
        try await reportingErrors {
            let location = try filesLocation()
            let tokens = try Self.temporaryFolder("payout-demo-tokens")
            defer { try? FileManager.default.removeItem(at: tokens) }
            let places = [("FILES_LOCATION", location), ("PAYOUT_API_REFRESH_TOKEN_SAVED_IN", tokens.path + "/")]
            let sandbox = PayoutSandbox(configuration: Self.sandboxConfiguration)
            let broker = try DemoBroker(try Settings(environment: [:]), brokers: 1, partitions: 4)
            let address = try await sandbox.start()
            let given = ProcessInfo.processInfo.environment.filter { name, _ in
                Self.honoured.contains(name) || name.hasPrefix("FILES_") || name.hasPrefix("AWS_")
            }
            // A port that is in use must not fail the demo.
            let port = given["HTTP_PORT"].map { ("HTTP_PORT", $0) } ?? ("HTTP_PORT", "0")
            let settings = try Settings(
                flags: Dictionary(
                    [port] + broker.environment + address.environment + Self.pace + places,
                    uniquingKeysWith: { $1 }
                ),
                // Credentials and brokers of a real worker must not be used here.
                environment: given
            )
            Terminal.note("Embedded broker: \(broker.environment[0].1)")
            Terminal.note("Sandbox of the payout API: \(address.baseURL)")
            Terminal.note("Files are stored in \(location)")
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
            Terminal.result(try text(of: report))
            if !report.isGood { throw ExitStatus.failed }
        }
    }

    private func text(of report: DemoReport) throws -> String {
        outputOptions.isJSON ? try JSONText.document(report.document) : report.text(fitting: tableOptions.width)
    }

    /// Short waits, so that the demo is fast.
    private static let pace = [
        ("WORKER_POLL_MIN_INTERVAL", "500ms"), ("WORKER_POLL_MAX_INTERVAL", "2s"),
        ("WORKER_COMMIT_INTERVAL", "50ms"), ("WORKER_SHUTDOWN_TIMEOUT", "10s"),
        ("PAYOUT_API_REQUESTS_PER_SECOND", "100"), ("PAYOUT_API_AUTHENTICATION", "refresh-token"),
        ("KAFKA_GROUP_ID", "payout-export-demo"), ("WORKER_ID", "demo"),
    ]
    private static let honoured: Set<String> = ["LOG_LEVEL", "LOG_FORMAT", "HTTP_HOST", "HTTP_PORT", "HOME"]

    private static var sandboxConfiguration: PayoutSandbox.Configuration {
        var configuration = PayoutSandbox.Configuration.demo
        // The service enforces it too.
        configuration.mfa.enforcement = .on
        configuration.exports.queued = .uniform(.milliseconds(200), .seconds(2))
        configuration.exports.processing = .uniform(.milliseconds(800), .seconds(5))
        return configuration
    }

    /// A new folder that only this user can access.
    private static func temporaryFolder(_ name: String) throws -> URL {
        var template = Array((NSTemporaryDirectory() + "/\(name)-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(
                "Failed to create a temporary directory in \(NSTemporaryDirectory()): "
                    + "\(String(cString: strerror(errno))). Set TMPDIR to a folder that you can write to."
            )
        }
        let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return URL(fileURLWithPath: path).standardizedFileURL
    }

    private func filesLocation() throws -> String {
        if let files {
            let url = URL(fileURLWithPath: files, isDirectory: true).standardizedFileURL
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            return "file://" + url.path
        }
        if let location = ProcessInfo.processInfo.environment["FILES_LOCATION"], !location.isEmpty { return location }
        return "file://" + (try Self.temporaryFolder("payout-demo")).path
    }
}
