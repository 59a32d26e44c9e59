import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// The client of one tenant's endpoints at the identity platform: sends forms and reads grants or failures. Token providers
/// and `InteractiveSignIn` use it.
struct TokenEndpoint: Sendable {
    let base: BaseAddress
    let tenantID: String
    let clientID: String
    let account: String
    let timeout: Duration
    let transport: HTTPTransport
    let telemetry: HTTPTelemetry
    let environment: HTTPEnvironment

    /// - Throws: ``HTTPAccess/ClientConfigurationError`` when the authority, the tenant or the application is missing.
    init(
        _ application: EntraApplication,
        _ transport: HTTPTransport,
        _ environment: HTTPEnvironment
    ) throws(ClientConfigurationError) {
        tenantID = application.tenantID.trimmingBlanks()
        clientID = application.clientID
        for (setting, value) in [("tenantID", tenantID), ("clientID", clientID)]
        where value.trimmingBlanks().isEmpty {
            throw ClientConfigurationError(setting: setting, problem: "it is required")
        }
        base = try BaseAddress(application.authority, setting: "authority", withoutSegment: tenantID)
        account = application.account
        timeout = application.requestTimeout
        self.transport = transport
        self.environment = environment
        telemetry = HTTPTelemetry(host: base.host, port: base.port)
    }

    /// The URL of a path below the tenant.
    func url(_ path: String) -> String { "\(base.text)/\(tenantID.percentEncoded())\(path)" }

    /// Sends a form and returns the answer, whatever its status.
    func send(
        _ form: [(name: String, value: String)],
        path: String
    ) async throws(AuthenticationFailure) -> HTTPAnswer {
        let request = OutgoingRequest(
            method: .POST,
            url: url(path),
            headers: ["accept": "application/json", "content-type": "application/x-www-form-urlencoded"],
            body: ByteBuffer(string: FormFields.encoded(form)),
            timeout: timeout
        )
        do {
            return try await telemetry.send(
                request,
                over: transport,
                route: HTTPRoute("POST", "/{tenantId}\(path)"),
                resends: 0,
                clock: environment.clock
            )
        } catch {
            let fault = error as? TransportFault ?? TransportFault(.other, "the request was cancelled")
            var failure = AuthenticationFailure(
                reason: .transport(fault.failure),
                account: account,
                detail: fault.detail
            )
            failure.grant = TokenGrantType(form)
            failure.host = base.host
            throw failure
        }
    }

    /// Sends a form to a token endpoint.
    ///
    /// - Parameter secrets: Texts to redact in errors.
    func grant(
        _ form: [(name: String, value: String)],
        path: String,
        secrets: [String]
    ) async throws(AuthenticationFailure) -> TokenGrant {
        let answer = try await send(form, path: path)
        let members = TokenAnswer(answer.body)
        if (200..<300).contains(answer.status), let grant = members.grant(now: environment.clock.now()) { return grant }
        throw failure(of: members, answer, secrets: secrets, grant: TokenGrantType(form))
    }

    /// The failure, for an answer without a grant.
    ///
    /// - Parameter grant: The grant type of the request.
    func failure(
        of members: TokenAnswer,
        _ answer: HTTPAnswer,
        secrets: [String],
        grant: TokenGrantType? = .signIn
    ) -> AuthenticationFailure {
        members.failure(
            status: answer.status,
            account: account,
            retryAfter: retryAfter(in: answer.headers, now: environment.clock.now()),
            secrets: secrets,
            grant: grant
        )
    }
}
