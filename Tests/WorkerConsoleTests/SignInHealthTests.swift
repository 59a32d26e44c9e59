import Testing
import WorkerSamples
import WorkerTelemetry

@testable import ExportCore
@testable import WorkerConsole

@Suite("Readiness: signing in")
struct SignInHealthTests {
    private func health(_ status: WorkerStatus = .sample(), _ tokens: [RefreshTokenReport] = []) -> HealthReport {
        let problems = ReportedProblems()
        problems.refreshTokens(tokens)
        var sample = HealthSample(status: status, uptime: .now, wallClock: Sample.start)
        sample.reported = problems.figures
        var watch = HealthWatch(HealthThresholds(), texts: CodeTexts())
        watch.update(with: sample, at: .zero)
        return watch.health
    }

    private static let day = Duration.seconds(86_400)

    @Test func usedAndSavedRefreshTokenIsHealthy() {
        #expect(health(.sample(), [RefreshTokenReport(account: "default", unusedFor: Self.day)]).reasons.isEmpty)
    }

    @Test func unusedRefreshTokenDegradesWithItsRemedy() {
        let old = health(.sample(), [RefreshTokenReport(account: "default", unusedFor: Self.day * 61)])
        #expect(old.reasons.map(\.code) == [.refreshTokenExpiring])
        #expect(old.status == .degraded)
        #expect(old.reasons.first?.message.contains("61 days") == true)
        #expect(old.reasons.first?.remedy == CodeTexts().remedy(for: .refreshTokenExpiring))
    }

    @Test func unsavedRefreshTokenDegradesWithItsPath() {
        let report = RefreshTokenReport(
            account: "default",
            unusedFor: .zero,
            notSaved: "The refresh token cannot be saved in /tokens/a: open: Read-only file system.",
            saveFailures: 3
        )
        let unsaved = health(.sample(), [report])
        #expect(unsaved.reasons.map(\.code) == [.refreshTokenNotSaved])
        #expect(unsaved.status == .degraded)
        #expect(unsaved.reasons.first?.message.contains("/tokens/a") == true)
        #expect(unsaved.reasons.first?.remedy == CodeTexts().remedy(for: .refreshTokenNotSaved))
    }

    @Test func unusableSavedTokenDegradesWithTheCause() {
        let report = RefreshTokenReport(
            account: "default",
            unusedFor: .zero,
            savedUnusable: "The file /tokens/a is corrupt: it holds no refresh token."
        )
        let unusable = health(.sample(), [report])
        #expect(unusable.reasons.map(\.code) == [.refreshTokenNotSaved])
        #expect(unusable.reasons.first?.message.contains("is not used: The file /tokens/a is corrupt") == true)
    }

    @Test func partlyRefusedCallsDegradeWithTheShare() {
        var account = WorkerStatus.Account.sample("default")
        account.refusedShare = 0.3
        let partly = health(.sample(accounts: [account]))
        #expect(partly.reasons.map(\.code) == [.callsPartlyRefused])
        #expect(partly.status == .degraded)
        #expect(partly.reasons.first?.message.contains("30 %") == true)
    }

    @Test func accountPausedByRequiredMFAHasItsRemedy() {
        var account = WorkerStatus.Account.sample("default", problem: .mfaRequired(message: "900421"))
        // The pause covers the refused calls.
        account.refusedShare = 0.9
        let paused = health(.sample(accounts: [account]))
        #expect(paused.reasons.map(\.code) == [.allAccountsPaused])
        #expect(paused.reasons.first?.remedy == CodeTexts().remedy(for: .mfaRequired(message: "")))
    }

    @Test func accountWithRefusedCredentialsHasTheirRemedy() {
        let account = WorkerStatus.Account.sample("default", problem: .refused(message: "AADSTS700082"))
        let paused = health(.sample(accounts: [account]))
        #expect(paused.reasons.map(\.code) == [.allAccountsPaused])
        #expect(paused.reasons.first?.remedy == CodeTexts().remedy(for: .refused(message: "")))
    }
}
