/// The state of an account's refresh token, as the console shows it.
package struct RefreshTokenReport: Sendable, Hashable {
    /// From when on an unused token, or an old sign-in, is a warning: a token expires after 90 days without use.
    package static let warningAge: Duration = .seconds(60 * 86_400)

    /// The account's name.
    package var account: String
    /// How long the saved token was not used. It expires after 90 days.
    package var unusedFor: Duration
    /// How long ago the person signed in; nil where that is not known.
    package var signedInFor: Duration?
    /// Why the newest token is not saved; nil when it is.
    package var notSaved: String?
    /// Why the saved token is not used although there is one; nil when it is.
    package var savedUnusable: String?
    /// How often saving failed since the start.
    package var saveFailures: Int

    /// Creates a report.
    package init(
        account: String,
        unusedFor: Duration,
        signedInFor: Duration? = nil,
        notSaved: String? = nil,
        savedUnusable: String? = nil,
        saveFailures: Int = 0
    ) {
        self.account = account
        self.unusedFor = unusedFor
        self.signedInFor = signedInFor
        self.notSaved = notSaved
        self.savedUnusable = savedUnusable
        self.saveFailures = saveFailures
    }
}
