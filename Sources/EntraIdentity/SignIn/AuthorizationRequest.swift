import Crypto
import Primitives

/// The authorization request of one sign-in with a browser, with the secrets that tie the browser's answer and the code to it
/// (PKCE, RFC 7636). `InteractiveSignIn` makes one for each sign-in.
struct AuthorizationRequest: Sendable {
    let redirectURI: String
    /// Ties the browser's answer to this request.
    let state: String
    /// Ties the identity token to this request.
    let nonce: String
    /// Proves that this process requested the code. Sent only when the code is redeemed.
    let verifier: String

    /// - Parameter state: A value of ``random()``.
    init(redirectURI: String, state: String = random()) {
        self.redirectURI = redirectURI
        self.state = state
        nonce = Self.random()
        verifier = Self.random()
    }

    /// 256 random bits in 43 characters.
    static func random() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encoded($0) }
    }

    /// The code challenge: the SHA-256 of the verifier, which is sent first.
    static func challenge(of verifier: String) -> String {
        Base64URL.encoded(SHA256.hash(data: Array(verifier.utf8)))
    }

    /// The query of the page that the browser opens.
    func query(clientID: String, scope: String) -> String {
        FormFields.encoded([
            ("client_id", clientID), ("response_type", "code"), ("redirect_uri", redirectURI),
            ("response_mode", "query"), ("scope", scope), ("state", state), ("nonce", nonce),
            ("code_challenge", Self.challenge(of: verifier)), ("code_challenge_method", "S256"),
        ])
    }

    /// The form that redeems the code.
    func form(code: String, clientID: String, scope: String) -> [(name: String, value: String)] {
        [
            ("client_id", clientID), ("grant_type", "authorization_code"), ("code", code),
            ("redirect_uri", redirectURI), ("code_verifier", verifier), ("scope", scope),
        ]
    }

    /// The code in the browser's answer.
    ///
    /// - Throws: ``AuthenticationFailure`` when the answer belongs to another sign-in, reports an error or has no code.
    func code(in answer: RedirectQuery, account: String) throws(AuthenticationFailure) -> String {
        guard let state = answer["state"], isEqualInConstantTime(state, self.state) else {
            throw AuthenticationFailure(reason: .answerOfAnotherSignIn, account: account)
        }
        if let error = answer["error"] {
            throw TokenAnswer(error: error, description: answer["error_description"])
                .failure(status: 400, account: account, retryAfter: nil, secrets: [state, verifier])
        }
        guard let code = answer["code"], !code.isEmpty else {
            throw AuthenticationFailure(reason: .unreadableAnswer, account: account)
        }
        return code
    }

    /// Checks that an identity token belongs to this request; where there is none, the verifier alone protects the code.
    func check(_ identityToken: String?, account: String) throws(AuthenticationFailure) {
        guard let identityToken else { return }
        guard let nonce = TokenClaims(token: identityToken)?.nonce, isEqualInConstantTime(nonce, self.nonce) else {
            throw AuthenticationFailure(reason: .answerOfAnotherSignIn, account: account)
        }
    }
}

/// Compares secrets in constant time, so that the duration does not reveal where they differ.
func isEqualInConstantTime(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}

/// The query of the browser's request to the redirect URI. A name that occurs twice is ignored: RFC 6749 forbids it.
struct RedirectQuery: Sendable, Equatable {
    private var values: [String: String] = [:]
    private static let maximumFields = 32

    init(_ query: Substring) {
        var repeated: Set<String> = []
        let fields = query.split(separator: "&")
        // No valid answer has so many fields. All are ignored, since a repeated name could be among the rest.
        guard fields.count <= Self.maximumFields else { return }
        for field in fields {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0]).percentDecoded()
            if values[name] != nil { repeated.insert(name) }
            values[name] = parts.count > 1 ? String(parts[1].map { $0 == "+" ? " " : $0 }).percentDecoded() : ""
        }
        for name in repeated { values[name] = nil }
    }

    subscript(name: String) -> String? { values[name] }
}
