import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import PayoutSandbox
import Primitives
import Testing

@testable import PayoutAPI

/// The documented flows and AADSTS numbers, each tested with the sandbox over a socket.
@Suite struct SignInFactsTests {
    typealias Fault = PayoutSandbox.Fault
    private static let account = PayoutSandbox.Account()

    private static let flows: [EntraTokenProvider.Flow] = [
        .password(username: account.username, password: Secret(account.password), clientSecret: nil),
        .password(
            username: account.username,
            password: Secret(account.password),
            clientSecret: Secret(account.clientSecret ?? "")
        ),
        .refreshToken(Secret(account.refreshToken ?? ""), clientSecret: nil, savedIn: nil),
        .clientCredentials(clientSecret: Secret(account.clientSecret ?? "")),
    ]

    @Test(arguments: flows.indices, [EntraTokenProvider.EndpointVersion?.none, .v1, .v2])
    func everyFlowSignsInAtEitherEndpoint(
        flow: Int,
        version: EntraTokenProvider.EndpointVersion?
    ) async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client(fixture.tokens(Self.flows[flow], version: version))
            _ = try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
            #expect(fixture.sandbox.stats.tokensIssued == 1)
        }
    }

    @Test func passwordWithSpecialCharactersIsAccepted() async throws {
        let password = "p&w=+ %41%&;\"'<>\\äöü€\u{1F600}\t/?#"
        try await SandboxFixture.with({ $0.accounts[0].password = password }) { fixture in
            let flow = EntraTokenProvider.Flow.password(
                username: Self.account.username,
                password: Secret(password),
                clientSecret: nil
            )
            _ = try await fixture.tokens(flow).token()
            _ = try await fixture.tokens(flow, version: .v2).token()
        }
    }

    /// The number, the reason, and a part of the remedy.
    static let refusals: [(PayoutSandbox.SignInError, AuthenticationFailure.Reason, String)] = [
        (.multiFactorRequired, .mfaRequired, "refresh-token"),
        (.multiFactorEnrolmentRequired, .mfaRequired, "refresh-token"),
        (.wrongPassword, .wrongUserNameOrPassword, "password"),
        (.secretRequired, .clientSecretRequired, "Allow public client flows"),
        (.consentRequired, .consentRequired, "administrator"),
        (.tenantNotFound, .tenantNotFound, "tenant"),
        (.applicationNotFound, .applicationNotFound, "client id"),
        (.refreshTokenExpired, .refreshTokenExpired, "payout-worker sign-in"),
        (.accountLocked, .accountLocked, "unlock"),
        (.wrongSecret, .clientSecretRefused, "client secret"),
    ]

    @Test(arguments: refusals.indices, [EntraTokenProvider.EndpointVersion.v1, .v2])
    func everyNumberHasItsReasonAndRemedy(index: Int, version: EntraTokenProvider.EndpointVersion) async throws {
        let (refusal, reason, remedy) = Self.refusals[index]
        try await SandboxFixture.with({ $0.faults = [Fault(.signInError(refusal))] }) { fixture in
            let tokens = try fixture.tokens(version: version)
            let error = try await failure(of: PayoutAPIError.self) {
                try await fixture.client(tokens, retryPolicy: .standard)
                    .create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
            }
            guard case .authentication(let failure) = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(failure.reason == reason)
            #expect(failure.aadCode == refusal.rawValue)
            #expect(failure.remedy.contains(remedy))
            #expect(failure.correlationID != nil)
            #expect(error.recovery == .permanentForAccount)
            // The next call fails with the same refusal, without a request.
            _ = try? await tokens.token()
            #expect(fixture.sandbox.stats.total(.token) == 1)
        }
    }

    @Test func lockedAccountIsNotTriedBeforeAReset() async throws {
        try await SandboxFixture.with({ $0.accounts[0].refusal = .accountLocked }) { fixture in
            let tokens = try fixture.tokens()
            for _ in 0..<20 {
                let error = try await failure(of: AuthenticationFailure.self) { try await tokens.token() }
                #expect(error.reason == .accountLocked)
                fixture.clock.advance(by: .seconds(3600))
            }
            #expect(fixture.sandbox.stats.total(.token) == 1)
            fixture.sandbox.updateAccount("default") { $0.refusal = nil }
            tokens.reset()
            _ = try await tokens.token()
        }
    }

    @Test(arguments: [
        PayoutSandbox.TokenPolicy.Rotation.none, .keepsPrevious, .replacesPrevious,
    ])
    func restartContinuesWithTheNewestRefreshToken(rotation: PayoutSandbox.TokenPolicy.Rotation) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh-token"
            try Data("sandbox-refresh-token\n".utf8).write(to: URL(filePath: path))
            try await SandboxFixture.with({ $0.tokens.rotation = rotation }) { fixture in
                for _ in 0..<3 {
                    // Each provider stands for a restarted process.
                    let flow = EntraTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                    _ = try await fixture.tokens(flow).token()
                }
                #expect(fixture.sandbox.stats.tokensIssued == 3)
                #expect(fixture.sandbox.stats.signInsRefused == 0)
            }
            let kept = try String(contentsOfFile: path, encoding: .utf8)
            #expect(kept.contains("sandbox-refresh-token") == (rotation == .none))
            guard rotation != .none else { return }
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["refresh-token"])
        }
    }

    @Test func changedPasswordFileIsReadAgain() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try Data("wrong\n".utf8).write(to: URL(filePath: path))
            try await SandboxFixture.with { fixture in
                let flow = EntraTokenProvider.Flow.password(
                    username: Self.account.username,
                    password: .file(path),
                    clientSecret: nil
                )
                let tokens = try fixture.tokens(flow)
                let error = try await failure(of: AuthenticationFailure.self) { try await tokens.token() }
                #expect(error.reason == .wrongUserNameOrPassword)
                try Data("\(Self.account.password)\n".utf8).write(to: URL(filePath: path))
                // Without a restart, a reset or a wait.
                _ = try await tokens.token()
            }
        }
    }
}
