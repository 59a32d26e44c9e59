/// What happens to jobs without a filter: a warning, or with `PAYOUT_API_REQUIRE_FILTER` a refusal.
struct FilterRule {
    /// Whether jobs of this account must have a filter.
    let isRequired: (_ account: String) throws -> Bool

    /// Warnings only.
    init() { isRequired = { _ in false } }

    /// The rule of the settings, which need not have credentials.
    init(_ settings: Settings) {
        isRequired = { account in
            var reader = SettingReader(settings)
            let isNamed = settings.accountNames.contains(account)
            let isRequired = reader.boolean("PAYOUT_API_REQUIRE_FILTER", account: isNamed ? account : nil)
            guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
            return isRequired
        }
    }

    /// Checks jobs or an export without a filter. Writes the warning.
    ///
    /// - Parameters:
    ///   - accounts: The accounts of those without a filter.
    ///   - subject: What has no filter, at the start of a sentence, for example `The job has`.
    /// - Throws: ``CommandFailure`` if one of the accounts requires filters.
    func check(accounts: some Collection<String>, _ subject: @autoclosure () -> String) throws {
        guard !accounts.isEmpty else { return }
        let text = "\(subject()) no filter, which exports three years."
        if let account = try Set(accounts).sorted().first(where: isRequired) {
            throw CommandFailure(
                "\(text) PAYOUT_API_REQUIRE_FILTER refuses this for the account '\(account)'. Nothing was sent. Select a period with --month, --last, or --from and --to, or give a filter."
            )
        }
        Terminal.note("warning: \(text) Select a period with --month, --last, or --from and --to.")
    }
}
