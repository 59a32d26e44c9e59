/// The panels of the Grafana dashboard, `deploy/grafana/dashboard.json`, that the page's tiles and plots link to.
enum GrafanaPanel: Int, CaseIterable {
    case openJobs = 12
    case finished = 13
    case failures = 14
    case oldest = 18
    case lateJobs = 19
    case calls = 23
    case commits = 34
    case lag = 37
    case memory = 43

    /// The dashboard's id in Grafana.
    static let dashboard = "payout-export-worker"

    /// The addresses of all panels by name; `nil` where no Grafana is configured.
    ///
    /// - Parameter address: that of Grafana, without a slash at its end.
    static func links(_ address: String?) -> [String: String]? {
        address.map { address in
            Dictionary(
                allCases.map { ("\($0)", "\(address)/d/\(dashboard)?viewPanel=\($0.rawValue)") },
                uniquingKeysWith: { $1 }
            )
        }
    }
}
