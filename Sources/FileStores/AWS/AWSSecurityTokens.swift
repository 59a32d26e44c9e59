import Foundation
import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// A web identity token that a cluster gives to its workloads, and the role that it is exchanged for (IRSA).
struct AWSWebIdentity: Sendable {
    static let defaultSession = "payout-export-worker"

    var role: String
    /// The token's file, which the cluster replaces periodically.
    var tokenPath: String
    var session = defaultSession

    init(role: String, tokenPath: String, session: String) {
        self.role = role
        self.tokenPath = tokenPath
        self.session = session
    }

    /// - Returns: `nil` when the variables name none.
    init?(_ environment: AWSEnvironment) {
        guard let role = environment["AWS_ROLE_ARN"], let path = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] else {
            return nil
        }
        self.init(role: role, tokenPath: path, session: environment["AWS_ROLE_SESSION_NAME"] ?? Self.defaultSession)
    }
}

/// The client of AWS's Security Token Service, which issues a role's credentials for an hour. `AWSCredentialChain` uses
/// it.
struct AWSSecurityTokens: Sendable {
    private static let action = "assume"

    let environment: AWSEnvironment
    let region: String
    let caller: StoreCaller

    private var endpoint: String {
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"]
            ?? "https://sts.\(region).\(suffix)"
    }

    /// Exchanges a web identity token (`AssumeRoleWithWebIdentity`), which needs no signature.
    func assume(_ identity: AWSWebIdentity) async throws(FileStoreError) -> AWSCredentialChain.Lease {
        try await assume(identity.role, "AssumeRoleWithWebIdentity", session: identity.session, signedWith: nil) {
            () async throws(FileStoreError) in
            [("WebIdentityToken", try await Secret.file(identity.tokenPath).reveal("read the web identity token"))]
        }
    }

    /// Assumes a role with other credentials (`AssumeRole`).
    func assume(
        role: String,
        session: String,
        externalID: String?,
        with credentials: AWSCredentials
    ) async throws(FileStoreError) -> AWSCredentialChain.Lease {
        try await assume(role, "AssumeRole", session: session, signedWith: credentials) {
            () async throws(FileStoreError) in
            externalID.map { [("ExternalId", $0)] } ?? []
        }
    }

    private func assume(
        _ role: String,
        _ call: String,
        session: String,
        signedWith credentials: AWSCredentials?,
        _ fields: () async throws(FileStoreError) -> [(String, String)]
    ) async throws(FileStoreError) -> AWSCredentialChain.Lease {
        let subject = "the role \(harmless(role) ?? "")"
        let endpoint = try WebEndpoint(endpoint)
        let answer = try await caller.call(Self.action, subject) { () async throws(FileStoreError) in
            let form = FormFields.encoded(
                [("Action", call), ("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", session)]
                    + (try await fields())
            )
            return request(endpoint, form, credentials)
        } evaluate: { answer in
            Self.evaluate(answer, subject)
        }
        let document = answer.text
        guard let id = xmlText("AccessKeyId", in: document), let secret = xmlText("SecretAccessKey", in: document)
        else {
            throw FileStoreError(
                .noCredentials,
                action: Self.action,
                path: subject,
                detail: "the response holds no credentials"
            )
        }
        return AWSCredentialChain.Lease(
            value: AWSCredentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: xmlText("SessionToken", in: document)
            ),
            expiresAt: xmlText("Expiration", in: document).flatMap { Timestamp(iso8601: $0)?.milliseconds }
        )
    }

    private func request(_ endpoint: WebEndpoint, _ form: String, _ credentials: AWSCredentials?) -> OutgoingRequest {
        var headers: [(name: String, value: String)] = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("host", endpoint.authority),
        ]
        let path = endpoint.path + "/"
        if let credentials {
            let timestamp = Timestamp(milliseconds: caller.clock.now()).basicISO8601
            headers.append(("x-amz-date", timestamp))
            if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
            let signature = credentials.signature(region: region, service: "sts").authorization(
                for: SignatureV4.Request(
                    method: "POST",
                    path: path,
                    headers: headers,
                    payloadHash: sha256Hexadecimal(Array(form.utf8)),
                    timestamp: timestamp
                )
            )
            headers.append(("authorization", signature))
        }
        headers.append(("accept", "application/xml"))
        return OutgoingRequest(
            raw: .POST,
            url: "\(endpoint.scheme)://\(endpoint.authority)\(path)",
            headers: HTTPHeaders(headers.map { ($0.name, $0.value) }),
            body: ByteBuffer(string: form),
            timeout: .seconds(20),
            maximumAnswer: OutgoingRequest.identityAnswer
        )
    }

    private static func evaluate(_ answer: HTTPAnswer, _ subject: String) -> CallFault? {
        if answer.isSuccess { return nil }
        let code = ResponseWord.code(xmlText("Code", in: answer.text))
        let detail = [code, "HTTP \(answer.status)"].compactMap { $0 }.joined(separator: ", ")
        switch answer.status {
        case 408, 429, 500...599:
            return .again(FileStoreError(.unavailable, action: action, path: subject, detail: detail))
        default:
            let isThrottled = code == "Throttling" || code == "IDPCommunicationError"
            let error = FileStoreError(
                isThrottled ? .unavailable : .credentialsRefused,
                action: action,
                path: subject,
                detail: detail
            )
            return isThrottled ? .again(error) : .final(error)
        }
    }
}
