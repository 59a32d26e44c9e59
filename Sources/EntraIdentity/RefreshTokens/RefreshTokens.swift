import struct Foundation.Date

/// The refresh tokens of an account in the files when a request began: the candidates that `EntraTokenProvider` tries in
/// order. `RefreshTokenStore` reads them.
struct RefreshTokens: Sendable, Hashable {
    /// A token to try.
    struct Candidate: Sendable, Hashable {
        var token: String
        /// The digest of the configured token that this one, and each token that replaces it, came from.
        var basis: String?
        /// When it was issued; nil if unknown.
        var issued: Date?
        /// When the person signed in; nil if unknown.
        var signedIn: Date?
    }

    /// The newest first, without duplicates.
    var candidates: [Candidate] = []
    /// The digest of the configured token; nil where there was none.
    var configured: String?
    /// The token in the file for new tokens.
    var saved: SavedRefreshToken?

    /// The tokens without metadata.
    var texts: [String] { candidates.map(\.token) }

    /// Appends a candidate, unless its token is already among the candidates.
    mutating func append(_ candidate: Candidate?) {
        guard let candidate, !texts.contains(candidate.token) else { return }
        candidates.append(candidate)
    }
}

extension RefreshTokens.Candidate {
    init(_ saved: SavedRefreshToken) {
        self.init(token: saved.token, basis: saved.basis, issued: saved.issued, signedIn: saved.signedIn)
    }

    /// The configured token.
    init(configured token: String) {
        self.init(token: token, basis: SavedRefreshToken.digest(of: token))
    }
}
