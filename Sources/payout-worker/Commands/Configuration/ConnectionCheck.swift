import FileStores
import KafkaClient
import Logging
import PayoutAPI
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// The result of one check.
struct ConnectionFinding: Encodable, Sendable {
    /// The outcome of the check.
    enum Outcome: String, Encodable, Sendable {
        case ok
        case warning
        case failed
        case skipped
    }

    var outcome: Outcome
    /// The checked part.
    var what: String
    /// The finding.
    var message: String
    /// How to fix it.
    var remedy: String?
}

/// Tries the services that a configuration names. It creates no export, topic or record. A sign-in with a refresh token may
/// replace the saved one, as every use does, and the checks of folders and stores write a file there and remove it.
struct ConnectionCheck {
    private let configuration: WorkerConfiguration
    private let logger: Logger

    init(_ configuration: WorkerConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    func run() async -> [ConnectionFinding] {
        var findings = await kafka()
        findings += await service()
        findings.append(await files())
        return findings
    }

    // MARK: Kafka

    private func kafka() async -> [ConnectionFinding] {
        let access = KafkaAccess(configuration.log, logger: logger)
        do {
            let (report, unreachable) = try await access.withAdmin { admin in
                let report = try await TopicSetup(topics: access.topics, admin: admin).check()
                return (report, try await access.unreachableBrokers(admin))
            }
            var findings = [
                ConnectionFinding(outcome: .ok, what: "broker", message: "\(access.bootstrapServers) answers")
            ]
            findings += unreachable.map { broker, problem in
                ConnectionFinding(
                    outcome: .failed,
                    what: "broker \(broker.id)",
                    message: problem.sentence,
                    remedy: problem.remedy
                )
            }
            for finding in report.findings {
                findings.append(
                    ConnectionFinding(
                        outcome: finding.severity == .problem ? .failed : .warning,
                        what: "topic \(finding.topic)",
                        message: finding.message,
                        remedy: finding.remedy
                    )
                )
            }
            findings += report.skipped.map { ConnectionFinding(outcome: .skipped, what: "topics", message: $0) }
            if report.findings.isEmpty {
                let names = report.topics.map { "\($0.name) (\($0.partitions ?? 0))" }.joined(separator: ", ")
                findings.append(ConnectionFinding(outcome: .ok, what: "topics", message: names))
            }
            return findings
        } catch {
            return [ConnectionFinding(outcome: .failed, what: "broker", message: "\(error)")]
        }
    }

    // MARK: The service

    private func service() async -> [ConnectionFinding] {
        do {
            let service = try await PayoutService(
                configuration.accounts,
                files: FilesConfiguration(),
                network: configuration.network,
                downloads: 1,
                retryPolicy: .none,
                logger: logger
            )
            var all: [ConnectionFinding] = []
            for account in configuration.accounts { all += await findings(of: account, service) }
            await service.shutdown()
            return all
        } catch {
            return [ConnectionFinding(outcome: .failed, what: "API", message: "\(error)")]
        }
    }

    private func findings(of account: AccountConfiguration, _ service: PayoutService) async -> [ConnectionFinding] {
        guard let tokens = service.tokens[account.name], let client = service.clients[account.name] else { return [] }
        return await SignInCheck(account: account, tokens: tokens, client: client).run()
    }

    // MARK: Files

    private func files() async -> ConnectionFinding {
        let what = "file store"
        do throws(FileStoreError) {
            guard let store = try configuration.files.makeStore() else {
                return ConnectionFinding(
                    outcome: .skipped,
                    what: what,
                    message: "FILES_LOCATION is empty: the service's own URLs are passed through"
                )
            }
            let result: Result<Void, FileStoreError>
            do throws(FileStoreError) {
                result = .success(try await store.check())
            } catch {
                result = .failure(error)
            }
            await store.close()
            try result.get()
            return ConnectionFinding(outcome: .ok, what: what, message: "\(store.location) accepts files")
        } catch {
            return ConnectionFinding(outcome: .failed, what: what, message: Remedies().sentence(for: error))
        }
    }
}
