import struct Foundation.Date
import NIOCore

/// What the identity platform handed out.
struct TokenGrant: Sendable {
    var accessToken: AccessToken
    /// Nil where the answer does not say.
    var lifetime: Duration?
    /// A new refresh token, to be used from now on.
    var refreshToken: String?
}

/// The members of a token answer, good or bad. v1 sends numbers as strings, v2 as numbers.
struct TokenAnswer {
    private var accessToken: String?
    private var expiresIn: String?
    private var expiresOn: String?
    private var refreshToken: String?
    private var error: String?
    private var errorDescription: String?
    private var errorCodes: [Int] = []
    private var correlationID: String?

    init(_ body: ByteBuffer) {
        body.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            // What was read before the JSON broke is as good as the rest.
            try? self.read(&scanner)
        }
    }

    private mutating func read(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            if name.is("access_token") {
                self.accessToken = try scanner.readText()
            } else if name.is("expires_in") {
                self.expiresIn = try scanner.readText()
            } else if name.is("expires_on") {
                self.expiresOn = try scanner.readText()
            } else if name.is("refresh_token") {
                self.refreshToken = try scanner.readText()
            } else if name.is("error") {
                self.error = try scanner.readText()
            } else if name.is("error_description") {
                self.errorDescription = try scanner.readText()
            } else if name.is("correlation_id") {
                self.correlationID = try scanner.readText()
            } else if name.is("error_codes"), try scanner.peek() == .array {
                try scanner.readArray { scanner throws(JSONSyntaxError) in
                    if let code = Int(try scanner.readText() ?? "") { self.errorCodes.append(code) }
                }
            }
        }
    }

    /// The grant, if the answer is one.
    ///
    /// - Parameter now: The time of day, for answers that only say when the token expires.
    func grant(now: Date) -> TokenGrant? {
        guard let token = self.accessToken?.trimmingBlanks(), !token.isEmpty else { return nil }
        var lifetime = self.expiresIn.flatMap { Double($0.trimmingBlanks()) }
        if lifetime == nil, let expiresOn = self.expiresOn.flatMap({ Double($0.trimmingBlanks()) }) {
            lifetime = expiresOn - now.timeIntervalSince1970
        }
        let refresh = self.refreshToken?.trimmingBlanks() ?? ""
        return TokenGrant(
            accessToken: AccessToken(token),
            lifetime: lifetime.flatMap { $0.isFinite ? .seconds(min(max($0, 1), 7 * 86_400)) : nil },
            refreshToken: refresh.isEmpty ? nil : refresh
        )
    }

    /// The failure, for an answer that is no grant.
    func failure(
        status: Int,
        account: String,
        retryAfter: Duration?,
        secrets: [String]
    ) -> AuthenticationFailure {
        let codes = self.errorCodes + Self.codes(in: self.errorDescription ?? "")
        let known = codes.first { AuthenticationFailure.Reason(aadCode: $0) != nil }
        return AuthenticationFailure(
            reason: self.reason(status: status, code: known, secrets: secrets),
            account: account,
            httpStatus: status,
            aadCode: known ?? codes.first,
            correlationID: self.correlationID.map { Redaction.scrub($0, secrets: secrets) },
            retryAfter: retryAfter,
            detail: self.errorDescription.map { Redaction.scrub($0, secrets: secrets) }
        )
    }

    private func reason(status: Int, code: Int?, secrets: [String]) -> AuthenticationFailure.Reason {
        if status == 429 { return .throttled }
        if let code, let reason = AuthenticationFailure.Reason(aadCode: code) { return reason }
        if status == 408 || status >= 500 { return .unavailable }
        switch self.error {
        case "temporarily_unavailable", "server_error": return .unavailable
        case .some(let error) where (400..<500).contains(status):
            return .refused(Redaction.scrub(error, secrets: secrets))
        default: return .unreadableAnswer
        }
    }

    /// Each number behind `AADSTS` in a description.
    private static func codes(in text: String) -> [Int] {
        text.split(separator: "AADSTS", omittingEmptySubsequences: false).dropFirst()
            .compactMap { Int($0.prefix { $0.isASCII && $0.isNumber }) }
    }
}
