import WorkerTelemetry

/// The refresh tokens that accounts sign in with.
extension HealthWatch {
    func signInReasons(_ sample: HealthSample) -> [HealthReason] {
        sample.reported.refreshTokens.sorted { $0.account < $1.account }.flatMap { token in
            var reasons: [HealthReason] = []
            if let problem = token.notSaved {
                reasons.append(
                    HealthReason(
                        .refreshTokenNotSaved,
                        severity: .degraded,
                        "The newest refresh token of account '\(token.account)' is in memory only: \(problem)",
                        remedy: texts.remedy(for: .refreshTokenNotSaved)
                    )
                )
            }
            if let problem = token.savedUnusable {
                reasons.append(
                    HealthReason(
                        .refreshTokenNotSaved,
                        severity: .degraded,
                        "The saved refresh token of account '\(token.account)' is not used: \(problem)",
                        remedy: texts.remedy(for: .refreshTokenNotSaved)
                    )
                )
            }
            if token.unusedFor >= RefreshTokenReport.warningAge {
                let days = token.unusedFor.components.seconds / 86_400
                reasons.append(
                    HealthReason(
                        .refreshTokenExpiring,
                        severity: .degraded,
                        "The refresh token of account '\(token.account)' was not used for \(days) days; it expires after 90 days.",
                        remedy: texts.remedy(for: .refreshTokenExpiring)
                    )
                )
            }
            return reasons
        }
    }
}
