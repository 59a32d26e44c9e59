import Primitives

/// Metrics of signing in.
extension MetricsTable {
    static let refreshTokenAge = MetricDefinition(
        "payout_export_refresh_token_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["account"],
        help: "Time since the account's refresh token was last used; it expires after 90 days."
    )
    static let signInAge = MetricDefinition(
        "payout_export_sign_in_age_seconds",
        .gauge,
        unit: "seconds",
        labels: ["account"],
        help:
            "Time since a person signed in for the account, with multi-factor authentication; absent where it is unknown."
    )
    static let refreshTokenSaved = MetricDefinition(
        "payout_export_refresh_token_saved",
        .gauge,
        unit: "0 or 1",
        labels: ["account"],
        help: "Whether the account's newest refresh token is saved, so that it is available after a restart."
    )
    static let refreshTokenSaveFailures = MetricDefinition(
        "payout_export_refresh_token_save_failures",
        .gauge,
        unit: "times",
        labels: ["account"],
        help: "Times since the start that a refresh token of the account could not be saved."
    )
    static let signIn: [MetricDefinition] = [
        refreshTokenAge, signInAge, refreshTokenSaved, refreshTokenSaveFailures,
    ]
}

extension WorkerMetrics {
    /// Sets the gauges of each account that has a refresh token.
    func refreshSignIn(_ tokens: [RefreshTokenReport]) {
        gauges.set(MetricsTable.refreshTokenAge, tokens.map { GaugeValue([$0.account], $0.unusedFor.inSeconds) })
        gauges.set(
            MetricsTable.signInAge,
            tokens.compactMap { token in token.signedInFor.map { GaugeValue([token.account], $0.inSeconds) } }
        )
        gauges.set(MetricsTable.refreshTokenSaved, tokens.map { GaugeValue([$0.account], $0.notSaved == nil) })
        gauges.set(MetricsTable.refreshTokenSaveFailures, tokens.map { GaugeValue([$0.account], $0.saveFailures) })
    }
}
