import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif
import PayoutSandbox
import Testing
import TestSupport

@testable import payout_worker

extension CommandsEndToEnd {
    /// From a registered application to a running worker, with enforced multi-factor authentication.
    @Suite struct SignInTests {
        /// The configuration before the first sign-in.
        private static func environment(_ fixture: WorkerFixture, savedIn: String) -> [String: String] {
            var environment = fixture.environment
            for name in ["USERNAME", "PASSWORD", "REFRESH_TOKEN"] { environment["PAYOUT_API_\(name)"] = nil }
            environment["PAYOUT_API_REFRESH_TOKEN_SAVED_IN"] = savedIn
            return environment
        }

        /// Runs `sign-in` and opens the page that the command prints.
        private static func signIn(
            _ environment: [String: String],
            _ arguments: String...
        ) async throws -> (output: CommandOutput, page: String) {
            let command = try Command(
                ["sign-in", "--no-browser", "--timeout", "60s"] + arguments,
                environment: environment
            )
            var url: URL?
            try await command.wait(for: "the page's address") {
                let line = command.errors.split(separator: "\n").first {
                    $0.contains("/authorize?") && $0.hasPrefix("  ")
                }
                url = line.flatMap { URL(string: $0.trimmingCharacters(in: .whitespaces)) }
                return url != nil
            }
            let (page, _) = try await URLSession.shared.data(from: try #require(url))
            return (try await command.end(), String(decoding: page, as: UTF8.self))
        }

        private static func token(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

        @Test func signedInAccountExportsWithEnforcedMFA() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.updateMFA { $0.enforcement = .on }
                let folder = try TemporaryFile(directory: ())
                let environment = Self.environment(fixture, savedIn: folder.path + "/")
                let (output, page) = try await Self.signIn(environment)
                #expect(output.status == 0, "\(output.errors)")
                #expect(page.contains("Signed in"))
                #expect(output.output.contains(PayoutSandbox.Account().username))
                #expect(output.output.contains("Multi-factor authentication"))
                let saved = try Self.token(folder.path + "/default.refresh-token")
                for text in [output.output, output.errors, page] {
                    #expect(!text.contains("0.AX.") && !text.contains("eyJ"))
                }
                #expect(saved.contains("0.AX."))
                let check = try await Command.run("check-config", "--connect", environment: environment)
                #expect(check.status == 0, "\(check.output) \(check.errors)")
                #expect(check.output.contains("multi-factor authentication yes"))
                #expect(check.output.contains("newer tokens are saved in"))
                let worker = try Command(["run"], environment: environment)
                let waited = try await Command.run(
                    "enqueue",
                    "--kind",
                    "payments",
                    "--wait",
                    "--timeout",
                    "100s",
                    environment: environment
                )
                #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                worker.signal(SIGTERM)
                _ = try await worker.end()
            }
        }

        @Test func accountWithoutMFAPausesAndContinuesAfterASignInWithoutARestart() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.updateMFA { $0.enforcement = .on }
                let folder = try TemporaryFile(directory: ())
                let environment = Self.environment(fixture, savedIn: folder.path + "/")
                // The first token is without multi-factor authentication: it is issued, but the calls are refused.
                var withToken = environment
                withToken["PAYOUT_API_REFRESH_TOKEN"] = try await Self.passwordToken(fixture)
                let worker = try Command(["run"], environment: withToken)
                let console = try await Console(of: worker)
                _ = try await Command.run(
                    "enqueue",
                    "--kind",
                    "payments",
                    "--job-id",
                    "first",
                    environment: environment
                )
                try await eventually("the account is paused") {
                    try await console.reason("allAccountsPaused")?.remedy.contains("payout-worker sign-in") ?? false
                }
                let issued = fixture.sandbox.stats.tokensIssued
                let (output, _) = try await Self.signIn(withToken)
                #expect(output.status == 0, "\(output.errors)")
                try await eventually("the job has ended") {
                    let results = try await Command.run("results", "-o", "json", environment: environment)
                    return results.output.contains("\"completed\"") && results.output.contains("first")
                }
                #expect(fixture.sandbox.stats.tokensIssued <= issued + 2, "tokens are not fetched repeatedly")
                worker.signal(SIGTERM)
                _ = try await worker.end()
            }
        }

        /// A refresh token of a person who signed in without multi-factor authentication.
        private static func passwordToken(_ fixture: WorkerFixture) async throws -> String {
            let account = PayoutSandbox.Account()
            let address = try #require(fixture.sandbox.address)
            let url = try #require(URL(string: "\(address.authority)/\(account.tenantID)/oauth2/token"))
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            let fields = [
                "grant_type": "password", "client_id": account.clientID, "username": account.username,
                "password": account.password, "resource": "https://api.partner.microsoft.com",
            ]
            request.httpBody = Data(
                fields.map {
                    "\($0.key)=\($0.value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
                }
                .joined(separator: "&").utf8
            )
            let (data, _) = try await URLSession.shared.data(for: request)
            let answer = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            return try #require(answer["refresh_token"] as? String)
        }

        @Test func deviceCodeSignsInWithoutABrowser() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.updateSignIn {
                    $0.person = .asks
                    $0.pollInterval = .seconds(1)
                }
                let out = try TemporaryFile("previous")
                let command = try Command(
                    ["sign-in", "--device-code", "--out", out.path],
                    environment: Self.environment(fixture, savedIn: "")
                )
                var fields: [String: String] = [:]
                try await command.wait(for: "the code") {
                    for line in command.errors.split(separator: "\n") {
                        let parts = line.trimmingCharacters(in: .whitespaces).split(separator: " ", maxSplits: 1)
                        if parts.count == 2, ["page:", "code:"].contains(parts[0]) {
                            fields[String(parts[0])] = String(parts[1])
                        }
                    }
                    return fields.count == 2
                }
                let page = "\(fields["page:"] ?? "")?user_code=\(fields["code:"] ?? "")&answer=approve"
                _ = try await URLSession.shared.data(from: try #require(URL(string: page)))
                let output = try await command.end()
                #expect(output.status == 0, "\(output.errors)")
                #expect(output.errors.contains("create secret generic") && output.errors.contains("LoadCredential="))
                #expect(try Self.token(out.path).hasPrefix("0.AX."))
                let mode = try FileManager.default.attributesOfItem(atPath: out.path)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600)
            }
        }

        @Test func invalidTokenIsNotSaved() async throws {
            try await WorkerFixture.with { fixture in
                let out = try TemporaryFile("previous")
                let environment = Self.environment(fixture, savedIn: "")
                func expectRefusal(_ text: String, _ change: () -> Void) async throws {
                    change()
                    let (output, page) = try await Self.signIn(environment, "--out", out.path)
                    #expect(output.status == 1, "\(text): \(output.errors)")
                    #expect(page.contains("Not signed in"), "\(text)")
                    #expect(output.errors.contains(text), "\(output.errors)")
                    #expect(try Self.token(out.path) == "previous")
                }
                try await expectRefusal("without multi-factor authentication") {
                    fixture.sandbox.updateSignIn { $0.usesMFA = false }
                }
                try await expectRefusal("not for the payout API") {
                    fixture.sandbox.updateSignIn { $0.usesMFA = true }
                    fixture.sandbox.updateTokens { $0.audience = "https://api.partnercenter.microsoft.com" }
                }
                try await expectRefusal("the person refused") {
                    fixture.sandbox.updateTokens { $0.audience = nil }
                    fixture.sandbox.updateSignIn { $0.person = .declines }
                }
            }
        }

        @Test func wrongApplicationIsReportedBeforeThePersonSignsIn() async throws {
            try await WorkerFixture.with { fixture in
                let out = try TemporaryFile("previous")
                func errors(_ name: String, _ value: String) async throws -> String {
                    var environment = Self.environment(fixture, savedIn: "")
                    environment[name] = value
                    let arguments = ["sign-in", "--no-browser", "--out", out.path]
                    let output = try await Command(arguments, environment: environment).end()
                    #expect(output.status == 1)
                    #expect(!output.errors.contains("/authorize?"))
                    #expect(try Self.token(out.path) == "previous")
                    return output.errors
                }
                let id = UUID().uuidString.lowercased()
                #expect(try await errors("PAYOUT_API_CLIENT_ID", id).contains("AADSTS700016"))
                #expect(try await errors("PAYOUT_API_TENANT_ID", id).contains("AADSTS90002"))
                #expect(try await errors("PAYOUT_API_AUTHORITY", "http://127.0.0.1:9").contains("did not answer"))
            }
        }

        @Test func unwritableLocationIsReportedBeforeThePersonSignsIn() async throws {
            try await WorkerFixture.with { fixture in
                var environment = Self.environment(fixture, savedIn: "/nonexistent/folder/")
                let output = try await Command.run("sign-in", "--no-browser", environment: environment)
                #expect(output.status == 1)
                #expect(output.errors.contains("cannot be saved in /nonexistent/folder/default.refresh-token"))
                #expect(!output.errors.contains("/authorize?"))
                environment["PAYOUT_API_REFRESH_TOKEN_SAVED_IN"] = nil
                let nowhere = try await Command.run("sign-in", environment: environment)
                #expect(nowhere.status == 78)
                #expect(nowhere.errors.contains("--out"))
                environment["PAYOUT_API_CLIENT_ID"] = nil
                let unknown = try await Command.run("sign-in", "--out", "x", environment: environment)
                #expect(unknown.status == 78)
                #expect(unknown.errors.contains("PAYOUT_API_CLIENT_ID is not set"))
            }
        }

        @Test func checkConfigReportsPasswordFlowAndWrongHost() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.updateMFA { $0.enforcement = .on }
                var environment = fixture.environment
                environment["PAYOUT_API_REFRESH_TOKEN"] = nil
                let password = try await Command.run("check-config", "--connect", environment: environment)
                #expect(password.status == 1)
                #expect(password.output.contains("enforces since June 2026"))
                #expect(password.output.contains("(900421)"))
                #expect(password.output.contains("payout-worker sign-in"))
                environment["PAYOUT_API_BASE_URL"] = "https://api.partnercenter.microsoft.com"
                let host = try await Command.run("check-config", environment: environment)
                #expect(host.output.contains("answers 404 to every call of payouts"))
            }
        }
    }
}
