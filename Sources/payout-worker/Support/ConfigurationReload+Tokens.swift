import EntraIdentity
import Foundation
import Primitives
import WorkerRuntime
import WorkerTelemetry

// Keeps refresh tokens alive while no calls are made, and reports their status.
extension ConfigurationReload {
    /// The interval between two checks of the tokens, and between two attempts to save one.
    private static let tokenInterval: Duration = .seconds(30)
    /// A token that was not used for this time is used even if no call needs it.
    private static let longestIdle: Duration = .seconds(86_400)

    /// Checks the tokens until the task is cancelled.
    func keepTokens() async {
        while !Task.isCancelled {
            let providers = tokens
            await withDiscardingTaskGroup { group in
                for provider in providers.values {
                    group.addTask { await provider.keepRefreshToken(unusedAtMost: Self.longestIdle) }
                }
            }
            problems.refreshTokens(Self.reports(providers, at: Date()))
            guard await slept(for: Self.tokenInterval) else { return }
        }
    }

    static func reports(_ providers: [String: EntraTokenProvider], at now: Date) -> [RefreshTokenReport] {
        providers.compactMap { name, provider in
            guard let status = provider.refreshTokenStatus else { return nil }
            func since(_ date: Date) -> Duration { .seconds(Int64(max(0, now.timeIntervalSince(date)))) }
            return RefreshTokenReport(
                account: name,
                unusedFor: since(status.lastUsed),
                signedInFor: status.signedIn.map(since),
                notSaved: status.notSaved?.description,
                savedUnusable: status.savedUnusable?.description,
                saveFailures: status.saveFailures
            )
        }
    }
}
