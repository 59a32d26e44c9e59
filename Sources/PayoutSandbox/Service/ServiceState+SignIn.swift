import HTTPTypes
import Primitives

// A person signs in: the page that a browser opens, and the codes that it brings back.

/// An authorization code that waits to be redeemed.
struct AuthorizationCode: Sendable {
    var account: UInt16
    var redirectURI: String
    var challenge: String
    var scope: String
    var nonce: String?
    var expires: Timestamp
}

extension ServiceState {
    /// Answers the page of `/oauth2/v2.0/authorize`: approves at once, asks, or declines, as configured.
    mutating func authorizeReply(to request: ServiceRequest) -> ServiceReply {
        let now = now
        guard request.method == .get, let fields = FormFields(request.query) else {
            return page("The request is malformed", .missingParameter)
        }
        let tenant = request.path.dropFirst().split(separator: "/").first.map(String.init) ?? ""
        let clients: [Int]
        do {
            clients = try self.clients(fields["client_id"], tenant: tenant)
        } catch {
            // Without a known application there is no place to send the browser back to.
            return page("Sign-in failed", error)
        }
        let account = configuration.accounts[clients[0]]
        guard let redirect = fields["redirect_uri"], account.accepts(redirectURI: redirect) else {
            return page("Sign-in failed", .redirectNotRegistered)
        }
        let state = fields["state"]
        guard fields["response_type"] == "code", fields["code_challenge_method"] == "S256",
            let challenge = fields["code_challenge"], !challenge.isEmpty
        else { return back(redirect, state, error: .missingParameter) }
        if let error = audienceError(fields, version: .v2) { return back(redirect, state, error: error) }
        if let error = account.refusal, error != .multiFactorRequired, error != .multiFactorEnrolmentRequired {
            return back(redirect, state, error: error)
        }
        switch (configuration.signIn.person, fields["answer"]) {
        case (.declines, _), (.asks, "decline"): return back(redirect, state, error: .declined)
        case (.asks, let answer) where answer != "approve": return question(request, account)
        default: break
        }
        let code = "0.AY." + tokens.code("authorization", serial: random.next())
        codes[code] = AuthorizationCode(
            account: UInt16(truncatingIfNeeded: clients[0]),
            redirectURI: redirect,
            challenge: challenge,
            scope: fields["scope"] ?? "",
            nonce: fields["nonce"],
            expires: now + configuration.signIn.codeLifetime.inNanoseconds
        )
        return back(redirect, [("code", code)], state)
    }

    /// Redeems an authorization code: once, in time, by the same client with the same redirect URI.
    mutating func redeem(
        _ form: FormFields,
        among clients: [Int],
        at now: Timestamp
    ) throws(PayoutSandbox.SignInError) -> SignIn {
        guard let text = form["code"], let verifier = form["code_verifier"] else { throw .missingParameter }
        guard let code = codes.removeValue(forKey: text), clients.contains(Int(code.account)) else { throw .codeUsed }
        guard now < code.expires else { throw .codeExpired }
        guard form["redirect_uri"] == code.redirectURI else { throw .redirectNotRegistered }
        guard TokenStore.challenge(of: verifier) == code.challenge else { throw .wrongVerifier }
        return SignIn(
            account: code.account,
            wantsRefreshToken: code.scope.split(separator: " ").contains("offline_access"),
            methods: methods,
            nonce: code.nonce,
            scope: code.scope
        )
    }

    /// How a person who signs in at a page proves who they are.
    var methods: [String] { configuration.signIn.usesMFA ? ["pwd", "mfa"] : ["pwd"] }

    // MARK: - Answers for a browser

    private func back(_ uri: String, _ state: String?, error: PayoutSandbox.SignInError) -> ServiceReply {
        let description = "AADSTS\(error.rawValue): \(error.message)"
        return back(uri, [("error", error.oauthCode), ("error_description", description)], state)
    }

    private func back(_ uri: String, _ fields: [(String, String)], _ state: String?) -> ServiceReply {
        var reply = ServiceReply(status: 302)
        let all = fields + (state.map { [("state", $0)] } ?? [])
        let query = all.map { "\($0.0)=\($0.1.percentEncoded())" }.joined(separator: "&")
        reply.fields[.location] = uri + (uri.contains("?") ? "&" : uri.hasSuffix("/") ? "?" : "/?") + query
        reply.fields[.cacheControl] = "no-store"
        return reply
    }

    private func page(_ title: String, _ error: PayoutSandbox.SignInError) -> ServiceReply {
        Self.page(title, "<p>AADSTS\(error.rawValue): \(error.message)</p>", status: error.status)
    }

    private func question(_ request: ServiceRequest, _ account: PayoutSandbox.Account) -> ServiceReply {
        let target = Self.escaped("\(request.path)?\(request.query)&answer=")
        return Self.page(
            "Sign in",
            """
            <p>An application asks to act for \(Self.escaped(account.username)).</p>
            <p><a id="approve" href="\(target)approve">Accept</a> <a id="decline" href="\(target)decline">Cancel</a></p>
            """
        )
    }

    static func page(_ title: String, _ body: String, status: Int = 200) -> ServiceReply {
        var reply = ServiceReply(status: status)
        reply.fields[.contentType] = "text/html; charset=utf-8"
        reply.fields[.cacheControl] = "no-store"
        let html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="icon" href="data:,">
            <title>\(title)</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1.5rem; }
            h1 { font-size: 1.5rem; }
            a { margin-right: 1rem; }
            </style>
            </head>
            <body>
            <h1>\(title)</h1>
            \(body)
            </body>
            </html>

            """
        reply.body = .bytes(Array(html.utf8))
        return reply
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}

extension PayoutSandbox.Account {
    /// Whether a browser may be sent there: a registered address, and any port of a registered `http://localhost`.
    func accepts(redirectURI: String) -> Bool {
        redirectURIs.contains { registered in
            if redirectURI == registered || redirectURI == registered + "/" { return true }
            guard registered == "http://localhost", redirectURI.hasPrefix("http://localhost:") else { return false }
            let port = redirectURI.dropFirst("http://localhost:".count)
            return UInt16(port.hasSuffix("/") ? port.dropLast() : port) != nil
        }
    }
}
