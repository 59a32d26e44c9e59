import ArgumentParser
import EmbeddedKafka
import Foundation
import PayoutSandbox

/// `sandbox`: a broker and a service to try the worker with.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Serve an embedded broker and a sandbox of the payout API until interrupted.",
        discussion: """
            Both listen on loopback. The environment variables that point a worker at them are printed to standard \
            output:

              payout-worker sandbox > sandbox.env &
              . ./sandbox.env && payout-worker run

            With a broker of your own, serve the API alone:

              payout-worker sandbox --no-kafka --api-port 8085

            Faults are switched on by name, from a file, or while it runs with PUT /_sandbox/faults:

              payout-worker sandbox --faults flaky --speed instant
              payout-worker sandbox --faults faults.json
              {"faults": [{"kind": "status", "status": 503, "calls": ["create"], "probability": 0.1}]}

            GET /_sandbox/journal and /_sandbox/stats tell what happened.

            The embedded broker fails on order too, with POST /_sandbox/broker; GET names its requests and errors:

              [{"kind": "down", "seconds": 5}, {"kind": "slow", "milliseconds": 200, "seconds": 10},
               {"kind": "errors", "requests": ["endTransaction"], "errors": ["notCoordinator", "disconnect"]}]
            """
    )

    /// How long exports take.
    enum Speed: String, ExpressibleByArgument, CaseIterable {
        case instant
        case demo
        case realistic
    }

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Option(help: "Embedded brokers.")
    var brokers: Int = 1

    @Option(help: "Partitions of each topic.")
    var kafkaPartitions: Int = 6

    @Flag(inversion: .prefixedNo, help: "Serve the embedded broker.")
    var kafka = true

    @Option(
        name: [.customLong("api-port"), .customLong("port")],
        help: "The API's port; a free one unless given."
    )
    var apiPort: Int = 0

    @Option(help: "The API's address; other than loopback it can be reached from other machines, and guards nothing.")
    var host: String = "127.0.0.1"

    @Option(help: "The host that the API's URLs name, where it is not --host.")
    var publicHost: String?

    @Option(help: "How long exports take: instant, demo (seconds) or realistic (minutes to hours).")
    var speed: Speed = .demo

    @Option(
        help: ArgumentHelp(
            "How long every export takes, instead of what --speed says; half of it queued.",
            valueName: "duration"
        )
    )
    var exportTime: String?

    @Flag(inversion: .prefixedNo, help: "Answer a repeated ms-requestid with the first export.")
    var idempotency = true

    @Option(
        help: ArgumentHelp(
            "Faults: \(FaultPreset.names), or a JSON file. Repeatable.",
            valueName: "name or file"
        )
    )
    var faults: [String] = []

    func validate() throws {
        guard (0...65_535).contains(apiPort) else { throw ValidationError("--api-port must be from 0 to 65535.") }
        guard (1...10).contains(brokers) else { throw ValidationError("--brokers must be from 1 to 10.") }
        guard (1...1_000).contains(kafkaPartitions) else {
            throw ValidationError("--kafka-partitions must be from 1 to 1000.")
        }
        if let exportTime { _ = try DurationArgument.parse(exportTime, "--export-time") }
    }

    func run() async throws {
        try await reportingErrors {
            let settings = try options.settings()
            let broker = kafka ? try DemoBroker(settings, brokers: brokers, partitions: kafkaPartitions) : nil
            var configuration = try sandboxConfiguration()
            configuration.control = broker.map { BrokerControl($0.kafka) }.map { control in { control.reply(to: $0) } }
            let sandbox = PayoutSandbox(configuration: configuration)
            let address = try await sandbox.start()
            var environment = broker?.environment ?? []
            environment += address.environment
            if speed != .realistic {
                environment += [("WORKER_POLL_MIN_INTERVAL", "500ms"), ("WORKER_POLL_MAX_INTERVAL", "2s")]
            }
            try tell(environment, address)
            try await untilInterrupted {
                while true { try await Task.sleep(for: .seconds(3_600)) }
            }
            await sandbox.stop()
            broker?.close()
        }
    }

    private func sandboxConfiguration() throws -> PayoutSandbox.Configuration {
        var configuration: PayoutSandbox.Configuration
        switch speed {
        case .instant: configuration = .instant
        case .demo: configuration = .demo
        case .realistic: configuration = .realistic
        }
        configuration.host = host
        configuration.port = apiPort
        configuration.allowsRemoteClients = !["127.0.0.1", "::1", "localhost"].contains(host)
        configuration.publicHost = publicHost
        configuration.exports.honoursIdempotency = idempotency
        if let exportTime {
            let half = try DurationArgument.parse(exportTime, "--export-time") / 2
            configuration.exports.queued = .fixed(half)
            configuration.exports.processing = .fixed(half)
        }
        for fault in faults { configuration.faults += try FaultPreset.faults(fault) }
        return configuration
    }

    private func tell(_ environment: [(String, String)], _ address: PayoutSandbox.Address) throws {
        if outputOptions.isJSON {
            Terminal.result(try JSONText.line(Dictionary(environment, uniquingKeysWith: { $1 })))
        } else {
            Terminal.result(environment.map { "export \($0.0)=\(ShellText.quoted($0.1))" }.joined(separator: "\n"))
        }
        Terminal.note(
            "Sandbox of the payout API at \(address.baseURL); what happened: \(address.baseURL)/_sandbox/journal"
        )
        if kafka {
            Terminal.note("The embedded broker is no Kafka. Its limits:")
            for limit in EmbeddedKafka.limits { Terminal.note("  - \(limit)") }
        }
        Terminal.note("Serving until interrupted.")
    }
}

/// Sets of faults with a name.
enum FaultPreset: String, CaseIterable {
    /// Now and then a passing failure of every sort.
    case flaky
    /// Too many requests, now and then.
    case throttled
    /// Every export ends as Failed at the service.
    case failing
    /// Downloads that break off, stall or come with an expired URL.
    case brokenDownloads = "broken-downloads"
    /// The identity provider demands a second factor.
    case mfa

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    private var json: String {
        switch self {
        case .flaky:
            """
            [{"kind":"status","status":503,"calls":["create","get"],"body":"html","probability":0.05},
             {"kind":"status","status":500,"calls":["create"],"afterEffect":true,"probability":0.02},
             {"kind":"lostAnswer","calls":["create"],"probability":0.03},
             {"kind":"closed","calls":["get"],"probability":0.02},
             {"kind":"blobBreaks","share":0.5,"probability":0.1}]
            """
        case .throttled:
            #"[{"kind":"status","status":429,"calls":["create","get"],"retryAfterSeconds":2,"probability":0.1}]"#
        case .failing: #"[{"kind":"exportFails"}]"#
        case .brokenDownloads:
            """
            [{"kind":"blobBreaks","share":0.5,"probability":0.5},{"kind":"expiredURL","probability":0.1},
             {"kind":"wrongMD5","probability":0.1}]
            """
        case .mfa: #"[{"kind":"signInError","code":50076}]"#
        }
    }

    /// The faults of a preset or of a file.
    static func faults(_ name: String) throws -> [PayoutSandbox.Fault] {
        let data: Data
        if let preset = FaultPreset(rawValue: name) {
            data = Data(preset.json.utf8)
        } else if let contents = FileManager.default.contents(atPath: name) {
            data = contents
        } else {
            throw CommandFailure("--faults: '\(name)' is neither a file that can be read nor one of \(names).")
        }
        struct Document: Decodable {
            var faults: [PayoutSandbox.Fault]
        }
        let decoder = JSONDecoder()
        if let document = try? decoder.decode(Document.self, from: data) { return document.faults }
        do {
            return try decoder.decode([PayoutSandbox.Fault].self, from: data)
        } catch let error as DecodingError {
            throw CommandFailure("--faults: '\(name)' does not hold faults: \(error.reason)")
        }
    }
}

extension DecodingError {
    /// What is wrong, without Swift's names.
    var reason: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "it cannot be decoded"
        }
    }
}

/// Text for a shell.
enum ShellText {
    static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./:,@%+=".contains($0)) }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
