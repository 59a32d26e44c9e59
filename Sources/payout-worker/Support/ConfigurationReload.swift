import Crypto
import EntraIdentity
import Foundation
import KafkaClient
import Logging
import PayoutAPI
import Primitives
import UnixSignals
import WorkerExports
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Applies new credentials while the worker runs: at SIGHUP the configuration is read again, and changed accounts get
/// new clients. A change of a mounted secret is detected automatically. Both retry paused accounts at once.
///
/// A changed setting that needs a restart is logged by name and keeps its value.
actor ConfigurationReload {
    /// Files may be on a network file system, so they are not read on the cooperative pool.
    private let executor = QueueExecutor(label: "configuration")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let service: PayoutService
    private let exports: ExportsClient
    private let loop: WorkerLoop
    let problems: ReportedProblems
    private let logger: Logger
    private let settings: @Sendable () throws -> Settings

    private var current: WorkerConfiguration
    private var clients: [String: PayoutClient]
    var tokens: [String: EntraTokenProvider]
    private var secrets = SecretWatch()

    /// The interval between two checks of the files of secrets.
    private static let interval: Duration = .seconds(2)

    /// - Parameter settings: reads flags, environment and file again.
    init(
        _ configuration: WorkerConfiguration,
        service: PayoutService,
        exports: ExportsClient,
        loop: WorkerLoop,
        problems: ReportedProblems,
        settings: @escaping @Sendable () throws -> Settings,
        logger: Logger
    ) {
        current = configuration
        self.service = service
        self.exports = exports
        self.loop = loop
        self.problems = problems
        self.settings = settings
        self.logger = logger
        clients = service.clients
        tokens = service.tokens
    }

    /// Watches the signal and the files until the task is cancelled.
    func run() async {
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        secrets.remember(current.accounts)
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in hangUps { await self.reload() } }
            group.addTask { await self.keepTokens() }
            group.addTask {
                while await slept(for: Self.interval) { await self.checkFiles() }
            }
        }
    }

    // MARK: Mounted secrets

    /// A secret is read from its file at each use, so a changed file needs only a retry of paused accounts.
    private func checkFiles() {
        let (files, accounts) = secrets.changes(current.accounts, tokens)
        guard !accounts.isEmpty else { return }
        for account in accounts { tokens[account.name]?.credentialsChanged() }
        logger.notice(
            "A secret's file has changed, retrying paused accounts",
            metadata: [
                "files": "\(files.sorted().joined(separator: ", "))",
                "accounts": "\(accounts.map(\.name).sorted().joined(separator: ", "))",
            ]
        )
        loop.credentialsChanged()
    }

    // MARK: SIGHUP

    private func reload() {
        do {
            let next = try WorkerConfiguration(try settings())
            let changes = try apply(next)
            problems.reloaded(nil)
            logger.notice(
                "Configuration read again, retrying paused accounts",
                metadata: ["changed": "\(changes.joined(separator: ", "))"]
            )
            loop.credentialsChanged()
        } catch {
            problems.reloaded("\(error)")
            logger.error(
                "Configuration cannot be read again, keeping the current one",
                metadata: ["error.message": "\(error)"]
            )
        }
    }

    /// Creates clients for the changed accounts: for all of them, or for none if there is an error.
    private func apply(_ next: WorkerConfiguration) throws -> [String] {
        let known = Dictionary(current.accounts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var (clients, tokens) = (clients, tokens)
        var changed: [String] = []
        for account in next.accounts {
            guard let old = known[account.name] else { continue }
            if old.fingerprint == account.fingerprint {
                // It has not changed, but an operator may have unlocked it.
                tokens[account.name]?.reset()
                continue
            }
            let made = try service.make(account)
            (clients[account.name], tokens[account.name]) = (made.client, made.tokens)
            changed.append(account.name)
        }
        if let held = current.log.kafka.credentials, next.log.kafka.credentials != nil,
            let username = next.log.kafka.properties[KafkaSecrets.username],
            let password = next.log.kafka.properties[KafkaSecrets.password],
            held.set(username: username, password: password) != nil
        {
            changed.append("Kafka")
        }
        for what in Self.needRestart(current, next) {
            logger.warning("Changed setting needs a restart, keeping its value", metadata: ["setting": "\(what)"])
        }
        self.clients = clients
        self.tokens = tokens
        exports.replaceClients(clients)
        current.accounts = current.accounts.map { old in
            next.accounts.first { $0.name == old.name } ?? old
        }
        secrets.remember(current.accounts)
        return changed.sorted()
    }

    /// The changed settings that a running worker cannot apply.
    static func needRestart(_ current: WorkerConfiguration, _ next: WorkerConfiguration) -> [String] {
        var names: [String] = []
        let (old, new) = (Set(current.accounts.map(\.name)), Set(next.accounts.map(\.name)))
        names += new.subtracting(old).sorted().map { "accounts.\($0) (new)" }
        names += old.subtracting(new).sorted().map { "accounts.\($0) (removed)" }
        for account in next.accounts {
            guard let before = current.accounts.first(where: { $0.name == account.name }) else { continue }
            if before.requestsPerSecond != account.requestsPerSecond {
                names.append("PAYOUT_API_REQUESTS_PER_SECOND (\(account.name))")
            }
            if before.blobHosts != account.blobHosts { names.append("PAYOUT_API_BLOB_HOSTS (\(account.name))") }
        }
        if !current.log.kafka.isEqualButForCredentials(to: next.log.kafka)
            || current.log.kafka.bootstrapServers != next.log.kafka.bootstrapServers
        {
            names.append("KAFKA_CLIENT_… or KAFKA_BOOTSTRAP_SERVERS")
        }
        if current.log.topics != next.log.topics { names.append("KAFKA_TOPICS_…") }
        if current.log.groupID != next.log.groupID { names.append("KAFKA_GROUP_ID") }
        if current.log.groupProtocol != next.log.groupProtocol { names.append("KAFKA_GROUP_PROTOCOL") }
        if current.files.location != next.files.location { names.append("FILES_LOCATION") }
        if current.files.mode != next.files.mode { names.append("FILES_MODE") }
        if (current.httpHost, current.httpPort) != (next.httpHost, next.httpPort) {
            names.append("HTTP_HOST, HTTP_PORT")
        }
        return names
    }
}

extension KafkaConfiguration {
    /// A running process can change credentials, but not begin or cease to use them.
    fileprivate func isEqualButForCredentials(to other: KafkaConfiguration) -> Bool {
        func rest(_ configuration: KafkaConfiguration) -> [String: String] {
            guard configuration.credentials != nil else { return configuration.properties }
            return configuration.properties.filter {
                $0.key != KafkaSecrets.username && $0.key != KafkaSecrets.password
            }
        }
        return rest(self) == rest(other) && (credentials == nil) == (other.credentials == nil)
    }
}

extension AccountConfiguration {
    /// The secrets that it signs in with.
    var secrets: [Secret] {
        switch tokens.flow {
        case .password(_, let password, let clientSecret): [password, clientSecret].compactMap(\.self)
        case .refreshToken(let token, let clientSecret, _): [token, clientSecret].compactMap(\.self)
        case .clientCredentials(let clientSecret): [clientSecret]
        }
    }

    /// Differs if a new client is needed. For a secret in a file the path counts, because its content is read at each use.
    var fingerprint: SHA256Digest {
        let flow: String
        switch tokens.flow {
        case .password(let username, _, _): flow = "password\n\(username)"
        case .refreshToken(_, _, let savedIn): flow = "refresh-token\n\(savedIn ?? "")"
        case .clientCredentials: flow = "client-credentials"
        }
        let held = secrets.map { secret in secret.filePath ?? "=" + ((try? secret.read()) ?? "") }
        let parts = [name, baseURL, tokens.authority, tokens.tenantID, tokens.clientID, flow] + held
        var hash = SHA256()
        // Lengths before the parts, so that different configurations never yield the same bytes.
        for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
        return hash.finalize()
    }
}
