import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutAPI
import PayoutFilters
import PayoutSandbox
import Synchronization
import Testing

/// The code of the articles runs, and the table of errors is complete. That the code is in the articles is checked with the
/// package's structure.
@Suite struct ArticleTests {
    @Test func everyErrorHasARow() throws {
        // The compiler checks switches over the reasons; this test checks the article's table.
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        let article = try String(
            contentsOf: source.appending(path: "PayoutAPI/PayoutAPI.docc/HandlingErrors.md"),
            encoding: .utf8
        )
        for (type, path) in [
            ("PayoutAPIError", "PayoutAPI/Client/PayoutAPIError.swift"),
            ("BlobDownloadError", "PayoutAPI/Downloads/BlobDownloadError.swift"),
            ("EntraIdentity/AuthenticationFailure", "EntraIdentity/Tokens/AuthenticationFailure.swift"),
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
        let printed = Mutex<[String]>([])
        let path = FileManager.default.temporaryDirectory.appending(path: "article-\(UUID()).csv")
        try Data().write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        try await SandboxFixture.with({ $0.exports.createReturnsPresentState = true }) { fixture in
            var downloads = BlobDownloader.Configuration()
            downloads.hosts = try BlobHostRules(patterns: fixture.address.blobHosts)
            try await GettingStarted.export(
                try fixture.client(),
                fixture.transport,
                try #require(FilterPeriod(month: "2023-03")),
                into: try FileHandle(forWritingTo: path),
                downloads: downloads,
                print: { line in printed.withLock { $0.append(line) } }
            )
            #expect(fixture.sandbox.stats.exportsCreated == 1)
            #expect(fixture.sandbox.stats.exportsDeleted == 1)
            #expect(
                fixture.sandbox.exports.map(\.filter) == [
                    "payoutStatusUpdateTS ge 2023-03-01 and payoutStatusUpdateTS lt 2023-04-01 and enrollmentParticipantId eq '1234567'"
                ]
            )
        }
        #expect(try Data(contentsOf: path).count == 4096)
        #expect(printed.withLock { $0.first?.contains("4096 bytes, SHA-256 ") } == true)
    }

    @Test func gettingStartedConnects() async throws {
        let parts = try GettingStarted.connect()
        // The secret's file is not on this machine.
        let error = try await failure(of: AuthenticationFailure.self) { try await parts.tokens.token() }
        #expect(error.reason == .secretUnavailable)
        try await parts.transport.shutdown()
        var printed: [String] = []
        GettingStarted.lint { printed.append("\($0)") }
        #expect(printed.count == 1)
        #expect(printed.first?.contains("eq") == true)
    }

    @Test func everyFlowIsRedactedWhenPrinted() {
        for flow in [SigningIn.password(), SigningIn.refreshToken(), SigningIn.clientCredentials()] {
            #expect("\(flow)".contains("REDACTED"))
        }
    }

    @Test func vaultProvidesTokensUntilItIsSealed() async throws {
        try await SandboxFixture.with { fixture in
            let vault = SigningIn.Vault(["refused", "refused too"])
            let client = try fixture.client(SigningIn.VaultTokens(vault: vault))
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            // The first token is refused and discarded, then the second one is tried.
            #expect(error.code == "unauthorized")
            #expect(await vault.currentToken() == "refused too")
            await vault.discard("refused too")
            let sealed = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            #expect(sealed.code == "authentication.secretUnavailable")
        }
    }

    @Test func errorIsHandledByItsRecovery() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            fixture.sandbox.faults = [PayoutSandbox.Fault(.status(503, retryAfter: .seconds(7)), count: 1)]
            let waits = Mutex<[Duration]>([])
            let export = try await Errors.get(
                client,
                UUID().uuidString,
                UUID(),
                again: { wait in
                    waits.withLock { $0.append(wait) }
                    return Export(kind: .payments, requestID: "again", status: .queued)
                },
                alert: { _ in }
            )
            #expect(export.requestID == "again")
            #expect(waits.withLock { $0 } == [.seconds(7)])
            let alerts = Mutex<[String]>([])
            fixture.sandbox.faults = [PayoutSandbox.Fault(.status(401), count: 2)]
            let error = try await failure(of: PayoutAPIError.self) {
                try await Errors.get(
                    client,
                    UUID().uuidString,
                    UUID(),
                    again: { _ in Export(kind: .payments, requestID: "again", status: .queued) },
                    alert: { text in alerts.withLock { $0.append(text) } }
                )
            }
            #expect(error.recovery == .permanentForAccount)
            #expect(alerts.withLock { $0.count } == 1)
        }
    }

    @Test func remedyOfARefusedSignInIsPrinted() async throws {
        try await SandboxFixture.with { fixture in
            fixture.sandbox.faults = [PayoutSandbox.Fault(.signInError(.multiFactorRequired))]
            let client = try fixture.client()
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: UUID().uuidString, correlationID: UUID())
            }
            var printed: [String] = []
            Errors.printRemedy(of: error) { printed.append($0) }
            #expect(printed.count == 1)
            #expect(printed.first?.contains("refresh-token flow") == true)
        }
    }

    @Test func readingFilesWaitsSavesAndReads() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let queued = try await client.create(kind: .payments, idempotencyID: UUID())
            #expect(queued.kind == .payments)
            let printed = Mutex<[String]>([])
            let show = { (line: String) in printed.withLock { $0.append(line) } }
            let export = try await ReadingFiles.wait(client, for: queued, print: show)
            try await withTemporaryFolder { folder in
                let path = folder + "/payments.csv"
                let blob = try await ReadingFiles.save(export, of: client, to: path, print: show)
                let file = try Data(contentsOf: URL(filePath: path))
                #expect(blob.size == Int64(file.count))
                #expect(blob.content?.rows == Int64(file.count { $0 == UInt8(ascii: "\n") } - 1))
                #expect(try await ReadingFiles.size(of: export, client) == file.count)
            }
            let totals = try await ReadingFiles.totals(of: export, client)
            #expect(!totals.isEmpty)
            #expect(totals.keys.allSatisfy { $0.count == 3 })
            #expect(printed.withLock { $0.contains { $0.hasSuffix(": Completed") } })
            try await client.delete(export)
        }
    }
}
