import Foundation
import PayoutAPI
import PayoutFilters
import PayoutSandbox
import Synchronization
import Testing

/// The articles tell the truth: their code compiles, runs, and names things that exist.
@Suite struct ArticleTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let catalog = root.appending(path: "Sources/PayoutAPI/PayoutAPI.docc")
    static let articles = ["GettingStarted", "SigningIn", "HandlingErrors"]

    private static func article(_ name: String) throws -> String {
        try String(contentsOf: Self.catalog.appending(path: "\(name).md"), encoding: .utf8)
    }

    /// The lines of each block of Swift, without blanks around them.
    private static func blocks(of article: String) -> [[String]] {
        var blocks: [[String]] = []
        var current: [String]?
        for line in article.split(separator: "\n", omittingEmptySubsequences: false) {
            switch (current, line) {
            case (nil, "```swift"): current = []
            case (let block?, "```"):
                blocks.append(block)
                current = nil
            case (let block?, _): current = block + [line.trimmingCharacters(in: .whitespaces)]
            case (nil, _): break
            }
        }
        return blocks
    }

    // MARK: - Compiled

    @Test(arguments: articles)
    func everyBlockStandsInCompiledCode(name: String) throws {
        let code = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ArticleCode.swift"),
            encoding: .utf8
        )
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let blocks = Self.blocks(of: try Self.article(name)).filter { $0.first != "// Package.swift" }
        #expect(!blocks.isEmpty)
        for block in blocks where block.contains(where: { !$0.hasPrefix("import ") }) {
            let isThere = lines.indices.contains { lines[$0...].starts(with: block) }
            #expect(isThere, "\(name) has code that nothing compiles:\n\(block.joined(separator: "\n"))")
        }
    }

    @Test func theManifestNamesWhatThePackageOffers() throws {
        let block = try #require(Self.blocks(of: try Self.article("GettingStarted")).first)
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        #expect(block.first == "// Package.swift")
        #expect(block.joined().contains(#".product(name: "PayoutAPI", package: "payout-export-worker")"#))
        #expect(manifest.contains(#"name: "payout-export-worker""#))
        #expect(manifest.contains(#".library(name: "PayoutAPI""#))
    }

    @Test func everyErrorHasItsRow() throws {
        // What switches over the reasons elsewhere knows them all; here the table must.
        let article = try Self.article("HandlingErrors")
        let source = Self.root.appending(path: "Sources/PayoutAPI")
        for (type, path) in [
            ("PayoutAPIError", "Client/PayoutAPIError.swift"),
            ("BlobDownloadError", "Downloads/BlobDownloadError.swift"),
            ("AuthenticationFailure", "Tokens/AuthenticationFailure.swift"),
        ] {
            let text = try String(contentsOf: source.appending(path: path), encoding: .utf8)
            let body = try #require(text.components(separatedBy: "public enum Reason").dropFirst().first)
            let cases =
                body.components(separatedBy: "\n    }").first?.split(separator: "\n")
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("case ") } ?? []
            #expect(cases.count > 5)
            for line in cases {
                let name = line.dropFirst("case ".count).prefix { $0 != "(" && $0 != " " }
                let suffix = line.contains("(") ? "(_:)" : ""
                #expect(article.contains("``\(type)/Reason/\(name)\(suffix)``"), "\(type).\(name) has no row")
            }
        }
    }

    // MARK: - Run

    @Test func gettingStartedMakesAnExport() async throws {
        let said = Mutex<[String]>([])
        let path = FileManager.default.temporaryDirectory.appending(path: "article-\(UUID()).csv")
        try Data().write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        try await SandboxStage.with({ $0.exports.createTellsPresentState = true }) { stage in
            var downloads = BlobDownloader.Configuration()
            downloads.hosts = try BlobHostRules(patterns: stage.address.blobHosts)
            try await GettingStarted.export(
                try stage.client(),
                stage.transport,
                from: try #require(FilterDate("2023-03-01")),
                to: try #require(FilterDate("2023-03-31")),
                into: try FileHandle(forWritingTo: path),
                downloads: downloads,
                print: { line in said.withLock { $0.append(line) } }
            )
            #expect(stage.sandbox.stats.exportsCreated == 1)
            #expect(stage.sandbox.stats.exportsDeleted == 1)
            #expect(
                stage.sandbox.exports.map(\.filter) == [
                    "paymentDate ge 2023-03-01 and paymentDate le 2023-03-31 and enrollmentParticipantId eq '1234567'"
                ]
            )
        }
        #expect(try Data(contentsOf: path).count == 4096)
        #expect(said.withLock { $0.first?.contains("4096 bytes, SHA-256 ") } == true)
    }

    @Test func gettingStartedConnects() async throws {
        let parts = try GettingStarted.connect()
        // Its secret is not on this machine: the failure says so.
        let error = try await failure(of: AuthenticationFailure.self) { try await parts.tokens.token() }
        #expect(error.reason == .secretUnavailable)
        try await parts.transport.shutdown()
        var said: [String] = []
        GettingStarted.lint { said.append("\($0)") }
        #expect(said.count == 1)
        #expect(said.first?.contains("eq") == true)
    }

    @Test func signingInNamesItsFiles() {
        for flow in [SigningIn.password(), SigningIn.refreshToken(), SigningIn.clientCredentials()] {
            #expect(!"\(flow)".isEmpty)
        }
    }

    @Test func aVaultServesTokens() async throws {
        try await SandboxStage.with { stage in
            let vault = SigningIn.Vault(["refused", "refused too"])
            let client = try stage.client(SigningIn.VaultTokens(vault: vault))
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            // The first token is refused and discarded, the second one is tried.
            #expect(error.code == "unauthorized")
            #expect(await vault.currentToken() == "refused too")
            await vault.discard("refused too")
            let sealed = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            #expect(sealed.code == "authentication.secretUnavailable")
        }
    }

    @Test func errorsAreDecidedByRecovery() async throws {
        try await SandboxStage.with { stage in
            let client = try stage.client()
            stage.sandbox.faults = [PayoutSandbox.Fault(.status(503, retryAfter: .seconds(7)), count: 1)]
            let waits = Mutex<[Duration]>([])
            let export = try await Errors.look(
                client,
                UUID().uuidString,
                UUID(),
                again: { wait in
                    waits.withLock { $0.append(wait) }
                    return Export(requestID: "again", status: .queued)
                },
                alert: { _ in }
            )
            #expect(export.requestID == "again")
            #expect(waits.withLock { $0 } == [.seconds(7)])
            let alerts = Mutex<[String]>([])
            stage.sandbox.faults = [PayoutSandbox.Fault(.status(401), count: 2)]
            let error = try await failure(of: PayoutAPIError.self) {
                try await Errors.look(
                    client,
                    UUID().uuidString,
                    UUID(),
                    again: { _ in Export(requestID: "again", status: .queued) },
                    alert: { text in alerts.withLock { $0.append(text) } }
                )
            }
            #expect(error.recovery == .permanentForAccount)
            #expect(alerts.withLock { $0.count } == 1)
        }
    }

    @Test func aRemedyIsTold() async throws {
        try await SandboxStage.with { stage in
            stage.sandbox.faults = [PayoutSandbox.Fault(.signInError(.multiFactorRequired))]
            let client = try stage.client()
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            var said: [String] = []
            Errors.tell(error) { said.append($0) }
            #expect(said.count == 1)
            #expect(said.first?.contains("refresh-token flow") == true)
        }
    }
}
