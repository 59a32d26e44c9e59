import struct Foundation.Date
import NIOCore
import Primitives

/// The tokens that the identity platform issued.
struct TokenGrant: Sendable {
    var accessToken: AccessToken
    /// The access token's lifetime; nil where the answer does not have it.
    var lifetime: Duration?
    /// A new refresh token, to be used from now on.
    var refreshToken: String?
    /// The token that identifies the person; only where the scopes requested it.
    var identityToken: String?
}

/// The grant type of a token request. The remedy of a failure depends on it.
enum TokenGrantType: Sendable, Hashable {
    case password
    case refreshToken
    case clientCredentials
    /// An authorization code or a device code: a person signs in.
    case signIn

    /// Nil for a form that requests no token.
    init?(_ form: [(name: String, value: String)]) {
        switch form.first(where: { $0.name == "grant_type" })?.value {
        case "password": self = .password
        case "refresh_token": self = .refreshToken
        case "client_credentials": self = .clientCredentials
        case .some: self = .signIn
        case nil: return nil
        }
    }
}

/// The JSON members of a token endpoint's answer, a success or an error. `TokenEndpoint` reads each answer with it. v1 sends
/// numbers as strings, v2 as numbers.
struct TokenAnswer {
    private var accessToken: String?
    private var expiresIn: String?
    private var expiresOn: String?
    private var refreshToken: String?
    private var identityToken: String?
    /// The OAuth 2.0 error, for example `authorization_pending`.
    private(set) var error: String?
    private var errorDescription: String?
    private var errorCodes: [Int] = []
    private var correlationID: String?

    init(_ body: ByteBuffer) {
        body.withUnsafeReadableBytes { bytes in
            var scanner = JSONReader(bytes)
            // Members before a syntax error are valid.
            try? read(&scanner)
        }
    }

    private mutating func read(_ scanner: inout JSONReader) throws(JSONSyntaxError) {
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            if name.is("access_token") {
                accessToken = try scanner.readText()
            } else if name.is("expires_in") {
                expiresIn = try scanner.readText()
            } else if name.is("expires_on") {
                expiresOn = try scanner.readText()
            } else if name.is("refresh_token") {
                refreshToken = try scanner.readText()
            } else if name.is("id_token") {
                identityToken = try scanner.readText()
            } else if name.is("error") {
                error = try scanner.readText()
            } else if name.is("error_description") {
                errorDescription = try scanner.readText()
            } else if name.is("correlation_id") {
                correlationID = try scanner.readText()
            } else if name.is("error_codes"), try scanner.peek() == .array {
                try scanner.readArray { scanner throws(JSONSyntaxError) in
                    if let code = Int(try scanner.readText() ?? "") { errorCodes.append(code) }
                }
            }
        }
    }

    /// The grant; nil if the answer has no access token.
    ///
    /// - Parameter now: The time of day, for answers with an expiry instead of a lifetime.
    func grant(now: Date) -> TokenGrant? {
        guard let token = self.accessToken?.trimmingBlanks(), !token.isEmpty else { return nil }
        var lifetime = expiresIn.flatMap { Double($0.trimmingBlanks()) }
        if lifetime == nil, let expiresOn = self.expiresOn.flatMap({ Double($0.trimmingBlanks()) }) {
            lifetime = expiresOn - now.timeIntervalSince1970
        }
        let refresh = self.refreshToken?.trimmingBlanks() ?? ""
        return TokenGrant(
            accessToken: AccessToken(token),
            lifetime: lifetime.flatMap { $0.isFinite ? .seconds(min(max($0, 1), 7 * 86_400)) : nil },
            refreshToken: refresh.isEmpty ? nil : refresh,
            identityToken: self.identityToken
        )
    }

    /// The error in the browser's answer after the page of the identity platform.
    init(error: String, description: String?) {
        self.error = error
        errorDescription = description
    }

    /// The failure, for an answer without a grant.
    ///
    /// - Parameter grant: The grant type of the request.
    func failure(
        status: Int,
        account: String,
        retryAfter: Duration?,
        secrets: [String],
        grant: TokenGrantType? = .signIn
    ) -> AuthenticationFailure {
        let codes = errorCodes + Self.codes(in: errorDescription ?? "")
        let known = codes.lazy.compactMap { code in
            AuthenticationFailure.Reason(aadCode: code, grant: grant).map { (code: code, reason: $0) }
        }.first
        var failure = AuthenticationFailure(
            reason: self.reason(status: status, known: known?.reason, secrets: secrets),
            account: account,
            httpStatus: status,
            aadCode: known?.code ?? codes.first,
            correlationID: self.correlationID.map { Redaction.scrub($0, secrets: secrets) },
            retryAfter: retryAfter,
            detail: errorDescription.map { Redaction.scrub($0, secrets: secrets) }
        )
        failure.grant = grant
        return failure
    }

    private func reason(
        status: Int,
        known: AuthenticationFailure.Reason?,
        secrets: [String]
    ) -> AuthenticationFailure.Reason {
        if status == 429 { return .throttled }
        if let known { return known }
        if status == 408 || status >= 500 { return .unavailable }
        switch self.error {
        case "temporarily_unavailable", "server_error": return .unavailable
        case "access_denied", "authorization_declined": return .declined
        case "expired_token", "code_expired": return .signInTimedOut
        case "bad_verification_code": return .deviceCodeUnknown
        case .some(let error) where (400..<500).contains(status):
            return .refused(Redaction.scrub(error, secrets: secrets))
        default: return .unreadableAnswer
        }
    }

    /// Each number after `AADSTS` in a description.
    private static func codes(in text: String) -> [Int] {
        text.split(separator: "AADSTS", omittingEmptySubsequences: false).dropFirst()
            .compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }
    }
}
