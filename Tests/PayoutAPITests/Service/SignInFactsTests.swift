import Foundation
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// The tables of flows and of AADSTS numbers, row by row, over a socket.
@Suite struct SignInFactsTests {
    typealias Fault = PayoutSandbox.Fault
    private static let account = PayoutSandbox.Account()

    private static let flows: [AzureADTokenProvider.Flow] = [
        .password(username: account.username, password: Secret(account.password), clientSecret: nil),
        .password(
            username: account.username,
            password: Secret(account.password),
            clientSecret: Secret(account.clientSecret ?? "")
        ),
        .refreshToken(Secret(account.refreshToken ?? ""), clientSecret: nil, savedIn: nil),
        .clientCredentials(clientSecret: Secret(account.clientSecret ?? "")),
    ]

    @Test(arguments: flows.indices, [AzureADTokenProvider.EndpointVersion?.none, .v1, .v2])
    func everyFlowSignsInAtEitherEndpoint(
        flow: Int,
        version: AzureADTokenProvider.EndpointVersion?
    ) async throws {
        try await SandboxStage.with { stage in
            let client = try stage.client(stage.tokens(Self.flows[flow], version: version))
            _ = try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
            #expect(stage.sandbox.stats.tokensIssued == 1)
        }
    }

    @Test func aPasswordMayHoldAnything() async throws {
        let password = "p&w=+ %41%&;\"'<>\\äöü€\u{1F600}\t/?#"
        try await SandboxStage.with({ $0.accounts[0].password = password }) { stage in
            let flow = AzureADTokenProvider.Flow.password(
                username: Self.account.username,
                password: Secret(password),
                clientSecret: nil
            )
            _ = try await stage.tokens(flow).token()
            _ = try await stage.tokens(flow, version: .v2).token()
        }
    }

    /// The number, the reason, and a word of the remedy.
    static let refusals: [(PayoutSandbox.SignInError, AuthenticationFailure.Reason, String)] = [
        (.multiFactorRequired, .mfaRequired, "refresh-token"),
        (.multiFactorEnrolmentRequired, .mfaRequired, "refresh-token"),
        (.wrongPassword, .wrongUserNameOrPassword, "password"),
        (.secretRequired, .clientSecretRequired, "Allow public client flows"),
        (.consentRequired, .consentRequired, "administrator"),
        (.tenantNotFound, .tenantNotFound, "tenant"),
        (.applicationNotFound, .applicationNotFound, "client id"),
        (.refreshTokenExpired, .refreshTokenExpired, "Sign in again"),
        (.accountLocked, .accountLocked, "unlock"),
        (.wrongSecret, .clientSecretRefused, "client secret"),
    ]

    @Test(arguments: refusals.indices, [AzureADTokenProvider.EndpointVersion.v1, .v2])
    func everyNumberHasItsReason(index: Int, version: AzureADTokenProvider.EndpointVersion) async throws {
        let (refusal, reason, remedy) = Self.refusals[index]
        try await SandboxStage.with({ $0.faults = [Fault(.signInError(refusal))] }) { stage in
            let tokens = try stage.tokens(version: version)
            let error = try await failure(of: PayoutAPIError.self) {
                try await stage.client(tokens, retryPolicy: .standard)
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
            // Whoever asks again at once is told the same without the platform being bothered.
            _ = try? await tokens.token()
            #expect(stage.sandbox.stats.total(.token) == 1)
        }
    }

    @Test func aLockedAccountIsNotTriedAgainByItself() async throws {
        try await SandboxStage.with({ $0.accounts[0].refusal = .accountLocked }) { stage in
            let tokens = try stage.tokens()
            for _ in 0..<20 {
                let error = try await failure(of: AuthenticationFailure.self) { try await tokens.token() }
                #expect(error.reason == .accountLocked)
                stage.clock.advance(by: .seconds(3600))
            }
            #expect(stage.sandbox.stats.total(.token) == 1)
            stage.sandbox.updateAccount("default") { $0.refusal = nil }
            tokens.reset()
            _ = try await tokens.token()
        }
    }

    @Test(arguments: [
        PayoutSandbox.TokenPolicy.Rotation.none, .keepsPrevious, .replacesPrevious,
    ])
    func aRestartGoesOnWithTheNewestRefreshToken(rotation: PayoutSandbox.TokenPolicy.Rotation) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/refresh-token"
            try Data("sandbox-refresh-token\n".utf8).write(to: URL(filePath: path))
            try await SandboxStage.with({ $0.tokens.rotation = rotation }) { stage in
                for _ in 0..<3 {
                    // Each is a process that has just started.
                    let flow = AzureADTokenProvider.Flow.refreshToken(.file(path), clientSecret: nil, savedIn: nil)
                    _ = try await stage.tokens(flow).token()
                }
                #expect(stage.sandbox.stats.tokensIssued == 3)
                #expect(stage.sandbox.stats.signInsRefused == 0)
            }
            let kept = try String(contentsOfFile: path, encoding: .utf8)
            #expect(kept.contains("sandbox-refresh-token") == (rotation == .none))
            guard rotation != .none else { return }
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["refresh-token"])
        }
    }

    @Test func aPasswordThatChangesOnDiskIsPickedUp() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/password"
            try Data("wrong\n".utf8).write(to: URL(filePath: path))
            try await SandboxStage.with { stage in
                let flow = AzureADTokenProvider.Flow.password(
                    username: Self.account.username,
                    password: .file(path),
                    clientSecret: nil
                )
                let tokens = try stage.tokens(flow)
                let error = try await failure(of: AuthenticationFailure.self) { try await tokens.token() }
                #expect(error.reason == .wrongUserNameOrPassword)
                try Data("\(Self.account.password)\n".utf8).write(to: URL(filePath: path))
                // No restart, no reset, and no waiting either.
                _ = try await tokens.token()
            }
        }
    }
}
