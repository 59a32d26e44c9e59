import ArgumentParser
import EmbeddedKafka
import Foundation
import PayoutSandbox
import WorkerRuntime

/// `sandbox`: a broker and a simulated service for trying the worker.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Serve an embedded broker and a sandbox of the payout API until interrupted.",
        discussion: """
            Both listen on loopback. The command prints the environment variables that point a worker at them to \
            standard output:

              payout-worker sandbox > sandbox.env &
              . ./sandbox.env && payout-worker run

            If you have a broker, serve only the API:

              payout-worker sandbox --no-kafka --api-port 8085

            Enable faults by name or from a file, or with PUT /_sandbox/faults while it runs:

              payout-worker sandbox --faults flaky --speed instant
              payout-worker sandbox --faults faults.json
              {"faults": [{"kind": "status", "status": 503, "calls": ["create"],
                           "probability": 0.1}]}

            Faults of files apply to downloads unless you set "calls"; "blobLocation" applies to polls:

              [{"kind": "blobBreaks", "share": 0.5},
               {"kind": "blobStalls", "milliseconds": 60000},
               {"kind": "blobTrickles", "milliseconds": 20000}, {"kind": "blobPage"},
               {"kind": "blobUnframed", "share": 0.5},
               {"kind": "wrongMD5"}, {"kind": "expiredURL"},
               {"kind": "blobLocation", "text": "https://elsewhere.example/x.csv?sig=x"}]

            For 'payout-worker sign-in' it serves a sign-in page, and can enforce multi-factor authentication as the service does:

              payout-worker sandbox --signed-out --mfa 1
              PUT /_sandbox/sign-in {"person": "declines", "usesMFA": false,
                                     "mfaEnforcement": 0.3}

            GET /_sandbox/journal and /_sandbox/stats report what happened.

            The embedded broker supports fault injection with POST /_sandbox/broker; GET lists its requests and errors:

              [{"kind": "down", "seconds": 5},
               {"kind": "slow", "milliseconds": 200, "seconds": 10},
               {"kind": "errors", "requests": ["endTransaction"],
                "errors": ["notCoordinator", "disconnect"]}]
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

    @Option(help: "Number of embedded brokers.")
    var brokers: Int = 1

    @Option(help: "Number of partitions of each topic of the worker.")
    var kafkaPartitions: Int = 6

    @Flag(inversion: .prefixedNo, help: "Serve the embedded broker.")
    var kafka = true

    @Option(
        name: [.customLong("api-port"), .customLong("port")],
        help: "Port of the API; 0 selects a free port."
    )
    var apiPort: Int = 0

    @Option(help: "Address of the API. If it is not loopback, other machines can use the API without authentication.")
    var host: String = "127.0.0.1"

    @Option(help: "Host name in the API's URLs, if it differs from --host.")
    var publicHost: String?

    @Option(help: "Duration of exports: instant, demo (seconds) or realistic (minutes to hours).")
    var speed: Speed = .demo

    @Option(
        help: ArgumentHelp(
            "Duration of every export, instead of --speed; half of it queued.",
            valueName: "duration"
        )
    )
    var exportTime: String?

    @Flag(inversion: .prefixedNo, help: "Return the first export for a repeated ms-requestid.")
    var idempotency = true

    @Option(
        help: ArgumentHelp(
            "Faults to inject: \(FaultPreset.names), or a JSON file. Repeatable.",
            valueName: "name or file"
        )
    )
    var faults: [String] = []

    @Flag(help: "Print no password and no refresh token; use 'payout-worker sign-in' to obtain one.")
    var signedOut = false

    @Option(help: "Share of API calls that enforce multi-factor authentication, from 0 to 1.")
    var mfa: Double = 0

    @Flag(help: "Ask on the sign-in page instead of accepting at once.")
    var asksPerson = false

    func validate() throws {
        guard (0...1).contains(mfa) else { throw ValidationError("--mfa must be from 0 to 1.") }
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
            let control = broker.map { BrokerControl($0.kafka) }
            configuration.control = control.map { control in { @Sendable in control.reply(to: $0) } }
            let sandbox = PayoutSandbox(configuration: configuration)
            let address = try await sandbox.start()
            var environment = broker?.environment ?? []
            environment += address.environment
            if signedOut { environment.removeAll { ["PAYOUT_API_USERNAME", "PAYOUT_API_PASSWORD"].contains($0.0) } }
            if speed != .realistic {
                environment += [("WORKER_POLL_MIN_INTERVAL", "500ms"), ("WORKER_POLL_MAX_INTERVAL", "2s")]
            }
            try report(environment, address)
            try await untilInterrupted {
                await control?.run()
                while await slept(for: .seconds(3_600)) {}
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
        configuration.mfa.enforcement = .init(share: mfa)
        if asksPerson { configuration.signIn.person = .asks }
        configuration.signIn.pollInterval = .seconds(1)
        if signedOut { configuration.accounts[0].refreshToken = nil }
        if let exportTime {
            let half = try DurationArgument.parse(exportTime, "--export-time") / 2
            configuration.exports.queued = .fixed(half)
            configuration.exports.processing = .fixed(half)
        }
        for fault in faults { configuration.faults += try FaultPreset.faults(fault) }
        return configuration
    }

    private func report(_ environment: [(String, String)], _ address: PayoutSandbox.Address) throws {
        if outputOptions.isJSON {
            Terminal.result(try JSONText.line(Dictionary(environment, uniquingKeysWith: { $1 })))
        } else {
            Terminal.result(environment.map { "export \($0.0)=\(ShellText.quoted($0.1))" }.joined(separator: "\n"))
        }
        Terminal.note("Sandbox of the payout API: \(address.baseURL)")
        Terminal.note("Journal of its calls: \(address.baseURL)/_sandbox/journal")
        if kafka {
            Terminal.note("The embedded broker is not Kafka. Its limits:")
            for limit in EmbeddedKafka.limits { Terminal.note("  - \(limit)") }
        }
        Terminal.note("Serving until interrupted.")
    }
}

/// Named sets of faults.
enum FaultPreset: String, CaseIterable {
    /// Occasional transient failures of every kind.
    case flaky
    /// Occasional responses with 429 Too Many Requests.
    case throttled
    /// Every export fails at the service.
    case failing
    /// Downloads that break off, have an expired URL or a wrong checksum.
    case brokenDownloads = "broken-downloads"
    /// Downloads that are slow, return a sign-in page, or have no length.
    case wrongFiles = "wrong-files"
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
        case .wrongFiles:
            """
            [{"kind":"blobPage","probability":0.2},{"kind":"blobUnframed","share":0.5,"probability":0.2},
             {"kind":"blobTrickles","milliseconds":5000,"probability":0.1}]
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
            throw CommandFailure("--faults: '\(name)' is neither a readable file nor one of \(names).")
        }
        struct Document: Decodable {
            var faults: [PayoutSandbox.Fault]
        }
        let decoder = JSONDecoder()
        if let document = try? decoder.decode(Document.self, from: data) { return document.faults }
        do {
            return try decoder.decode([PayoutSandbox.Fault].self, from: data)
        } catch let error as DecodingError {
            throw CommandFailure("--faults: '\(name)' is not a list of faults: \(error.reason)")
        }
    }
}

extension DecodingError {
    /// The problem, without the names of Swift types.
    var reason: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        @unknown default: "decoding failed"
        }
    }
}
