import FileStores
import Foundation
import KafkaClient
import Logging
import PayoutAPI
import PayoutFilters
import PayoutFilters
import WorkerKafka

/// What came of trying one thing.
struct ConnectionFinding: Encodable, Sendable {
    /// How it went.
    enum Outcome: String, Encodable, Sendable {
        case ok
        case warning
        case failed
        case skipped
    }

    var outcome: Outcome
    /// What was tried.
    var what: String
    /// What was found.
    var message: String
    /// What mends it.
    var remedy: String?
}

/// Tries what a configuration names. Changes nothing anywhere.
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
            let report = try await access.withAdmin { admin in
                try await TopicSetup(topics: access.topics, admin: admin).check()
            }
            var findings = [
                ConnectionFinding(outcome: .ok, what: "broker", message: "\(access.bootstrapServers) answers")
            ]
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
            let service = try Service(
                configuration.accounts,
                files: FilesConfiguration(),
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

    private func findings(of account: AccountConfiguration, _ service: Service) async -> [ConnectionFinding] {
        guard let tokens = service.tokens[account.name], let client = service.clients[account.name] else { return [] }
        let signIn = "sign-in of \(account.name)"
        do {
            _ = try await tokens.token()
        } catch {
            return [ConnectionFinding(outcome: .failed, what: signIn, message: "\(error)")]
        }
        let signedIn = ConnectionFinding(
            outcome: .ok,
            what: signIn,
            message: "\(account.tokens.authority) issues a token"
        )
        return [signedIn, await api(account, client)]
    }

    /// Asks for an export that does not exist: harmless, and "no such export" proves that all the rest is right.
    private func api(_ account: AccountConfiguration, _ client: PayoutClient) async -> ConnectionFinding {
        let what = "API for \(account.name)"
        let nobody = UUID().uuidString.lowercased()
        do {
            _ = try await client.get(kind: .payments, requestID: nobody, correlationID: UUID())
            return ConnectionFinding(outcome: .ok, what: what, message: "\(account.baseURL) answers")
        } catch let error as PayoutAPIError {
            switch error.reason {
            case .notFound:
                return ConnectionFinding(
                    outcome: .ok,
                    what: what,
                    message: "\(account.baseURL) knows no export that does not exist"
                )
            case .rejected:
                return ConnectionFinding(
                    outcome: .ok,
                    what: what,
                    message: "\(account.baseURL) answers (\(error.code))"
                )
            default: return ConnectionFinding(outcome: .failed, what: what, message: error.description)
            }
        } catch {
            return ConnectionFinding(outcome: .failed, what: what, message: "\(error)")
        }
    }

    // MARK: Files

    private func files() async -> ConnectionFinding {
        let what = "file store"
        do throws(FileStoreError) {
            guard let store = try configuration.files.makeStore() else {
                return ConnectionFinding(
                    outcome: .skipped,
                    what: what,
                    message: "FILES_LOCATION is empty: the service's own URLs are handed on"
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
            return ConnectionFinding(outcome: .ok, what: what, message: "\(store.location) takes files")
        } catch {
            return ConnectionFinding(outcome: .failed, what: what, message: error.description)
        }
    }
}
