import Crypto
import Dispatch
import Foundation
import KafkaClient
import Logging
import PayoutAPI
import WorkerConsole
import WorkerExports
import WorkerKafka
import WorkerRuntime

/// Takes new credentials while the worker runs: at SIGHUP the configuration is read again and accounts that differ
/// get other clients; a mounted secret that changes is noticed by itself. Paused accounts are tried at once then.
///
/// What cannot change in a running process is told, by name, and stays as it is.
actor ConfigurationReload {
    private let service: Service
    private let exports: ExportsClient
    private let loop: WorkerLoop
    private let problems: ReportedProblems
    private let logger: Logger
    private let settings: @Sendable () throws -> Settings

    private var current: WorkerConfiguration
    private var clients: [String: PayoutClient]
    private var tokens: [String: AzureADTokenProvider]
    private var signatures: [String: String] = [:]

    /// How often the files of secrets are looked at.
    private static let interval: Duration = .seconds(2)

    /// - Parameter settings: reads flags, environment and file anew.
    init(
        _ configuration: WorkerConfiguration,
        service: Service,
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
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "hang-up"))
        source.setEventHandler { @Sendable in continuation.yield() }
        source.resume()
        defer { source.cancel() }
        signatures = Self.signatures(of: current.accounts)
        await withTaskGroup { group in
            group.addTask { for await _ in signals { await self.reload() } }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.interval)
                    await self.lookAtFiles()
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: Mounted secrets

    /// A secret is read from its file whenever it is needed; what a change of the file starts is a try.
    private func lookAtFiles() {
        let now = Self.signatures(of: current.accounts)
        guard now != signatures else { return }
        let changed = Set(now.keys).union(signatures.keys).filter { now[$0] != signatures[$0] }
        signatures = now
        let accounts = current.accounts.filter { !changed.isDisjoint(with: $0.secretPaths) }.map(\.name)
        logger.notice(
            "A secret's file has changed; paused accounts are tried with it",
            metadata: [
                "files": "\(changed.sorted().joined(separator: ", "))",
                "accounts": "\(accounts.sorted().joined(separator: ", "))",
            ]
        )
        loop.credentialsChanged()
    }

    /// What the files of secrets hold, as digests.
    private static func signatures(of accounts: [AccountConfiguration]) -> [String: String] {
        var signatures: [String: String] = [:]
        for path in Set(accounts.flatMap(\.secretPaths)) {
            let data = FileManager.default.contents(atPath: path)
            signatures[path] = data.map { SHA256.hash(data: $0).description } ?? ""
        }
        return signatures
    }

    // MARK: SIGHUP

    private func reload() {
        do {
            let next = try WorkerConfiguration(try settings())
            let changes = try apply(next)
            problems.reloaded(nil)
            logger.notice(
                "Configuration read again; paused accounts are tried at once",
                metadata: ["changedAccounts": "\(changes.joined(separator: ", "))"]
            )
            loop.credentialsChanged()
        } catch {
            problems.reloaded("\(error)")
            logger.error(
                "The configuration cannot be read again; the worker goes on with the one that it has",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Makes other clients for the accounts that differ. All or none: a mistake changes nothing.
    private func apply(_ next: WorkerConfiguration) throws -> [String] {
        let known = Dictionary(current.accounts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var (clients, tokens) = (clients, tokens)
        var changed: [String] = []
        for account in next.accounts {
            guard let old = known[account.name] else { continue }
            if old.fingerprint == account.fingerprint {
                // Nothing of it is new, but somebody may have unlocked it.
                tokens[account.name]?.reset()
                continue
            }
            let made = try service.make(account)
            (clients[account.name], tokens[account.name]) = (made.client, made.tokens)
            changed.append(account.name)
        }
        for what in Self.needRestart(current, next) {
            logger.warning("A changed setting needs a restart; it stays as it was", metadata: ["setting": "\(what)"])
        }
        self.clients = clients
        self.tokens = tokens
        exports.replaceClients(clients)
        current.accounts = current.accounts.map { old in
            next.accounts.first { $0.name == old.name } ?? old
        }
        signatures = Self.signatures(of: current.accounts)
        return changed.sorted()
    }

    /// The settings that differ and cannot change in a running worker.
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
        if current.log.kafka.properties != next.log.kafka.properties
            || current.log.kafka.bootstrapServers != next.log.kafka.bootstrapServers
        {
            names.append("KAFKA_CLIENT_… or KAFKA_BOOTSTRAP_SERVERS")
        }
        if current.log.topics != next.log.topics { names.append("KAFKA_TOPICS_…") }
        if current.log.groupID != next.log.groupID { names.append("KAFKA_GROUP_ID") }
        if current.files.location != next.files.location { names.append("FILES_LOCATION") }
        if (current.httpHost, current.httpPort) != (next.httpHost, next.httpPort) {
            names.append("HTTP_HOST, HTTP_PORT")
        }
        return names
    }
}

extension AccountConfiguration {
    /// The files that hold its secrets.
    var secretPaths: [String] { secrets.compactMap(\.filePath) }

    private var secrets: [Secret] {
        switch tokens.flow {
        case .password(_, let password, let clientSecret): [password, clientSecret].compactMap(\.self)
        case .refreshToken(let token, let clientSecret, _): [token, clientSecret].compactMap(\.self)
        case .clientCredentials(let clientSecret): [clientSecret]
        }
    }

    /// Differs where another client is needed. A secret in a file counts by its path: its content is read anew anyway.
    var fingerprint: SHA256Digest {
        let flow: String
        switch tokens.flow {
        case .password(let username, _, _): flow = "password\n\(username)"
        case .refreshToken: flow = "refresh-token"
        case .clientCredentials: flow = "client-credentials"
        }
        let held = secrets.map { secret in secret.filePath ?? "=" + ((try? secret.read()) ?? "") }
        let parts = [name, baseURL, tokens.authority, tokens.tenantID, tokens.clientID, flow] + held
        var hash = SHA256()
        // Lengths before the parts, so that no two configurations come to the same bytes.
        for part in parts { hash.update(data: Array("\(part.utf8.count):\(part)".utf8)) }
        return hash.finalize()
    }
}
