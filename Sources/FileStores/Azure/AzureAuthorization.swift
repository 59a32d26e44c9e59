import Foundation
import NIOCore
import NIOHTTP1

/// What lets requests into a container.
enum AzureAuthorization: Sendable {
    /// A shared access signature, which becomes a part of each URL.
    case signature(StoreSecret)
    /// Tokens of an application.
    case tokens(Renewing<String>)

    init(_ configuration: AzureBlobConfiguration, _ caller: StoreCaller) throws(FileStoreError) {
        if let token = configuration.sasToken {
            self = .signature(token)
            return
        }
        guard let tenant = configuration.tenantID, let client = configuration.clientID,
            let secret = configuration.clientSecret
        else {
            throw FileStoreError(
                .noCredentials,
                action: "use",
                path: "Azure Blob Storage",
                detail: "set FILES_AZURE_SAS_TOKEN, or FILES_AZURE_TENANT_ID, …_CLIENT_ID and …_CLIENT_SECRET"
            )
        }
        let source = AzureTokenSource(
            authority: try WebEndpoint(configuration.authority),
            tenant: tenant,
            client: client,
            secret: secret,
            caller: caller
        )
        self = .tokens(Renewing(now: caller.clock.now) { () async throws(FileStoreError) in try await source.fetch() })
    }

    /// Adds to a request what lets it in.
    func authorize(_ request: inout WireRequest) async throws(FileStoreError) {
        switch self {
        case .signature(let secret):
            let token = try secret.reveal("use the signature in")
            request.url +=
                (request.url.contains("?") ? "&" : "?") + (token.hasPrefix("?") ? token.dropFirst() : token[...])
        case .tokens(let tokens):
            request.headers.add(name: "authorization", value: "Bearer \(try await tokens.value())")
        }
    }

    /// The store has refused what let requests in.
    func forget() async {
        if case .tokens(let tokens) = self { await tokens.forget() }
    }
}

/// Gets tokens by client credentials from the Microsoft identity platform, version 2.
struct AzureTokenSource: Sendable {
    private static let action = "get a token from"

    let authority: WebEndpoint
    let tenant: String
    let client: String
    let secret: StoreSecret
    let caller: StoreCaller

    private struct Document: Decodable {
        var access_token: String
        var expires_in: Int
    }

    private struct Refusal: Decodable {
        var error: String?
        var error_description: String?
    }

    func fetch() async throws(FileStoreError) -> Renewing<String>.Lease {
        let place = authority.text
        let answer = try await caller.call(Self.action, place) { () async throws(FileStoreError) in
            let form = formEncoded([
                ("grant_type", "client_credentials"), ("client_id", client),
                ("client_secret", try secret.reveal("read the client secret")),
                ("scope", "https://storage.azure.com/.default"),
            ])
            return WireRequest(
                method: .POST,
                url: "\(authority.text)/\(uriEncoded(tenant))/oauth2/v2.0/token",
                headers: ["content-type": "application/x-www-form-urlencoded", "accept": "application/json"],
                body: ByteBuffer(string: form),
                timeout: .seconds(20)
            )
        } judge: { answer in
            Self.judge(answer, place)
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(answer.body)) else {
            throw FileStoreError(.noCredentials, action: Self.action, path: place, detail: "the answer has no token")
        }
        return Renewing<String>.Lease(
            value: document.access_token,
            expiresAt: caller.clock.now() + Int64(document.expires_in) * 1_000
        )
    }

    private static func judge(_ answer: WireAnswer, _ place: String) -> CallFault? {
        if answer.isSuccess { return nil }
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(answer.body))
        // The description repeats what was sent; its number is what can be looked up.
        let number = refusal?.error_description?.split(separator: ":").first.flatMap { word in
            word.hasPrefix("AADSTS") ? String(word) : nil
        }
        let detail = [harmless(number), harmless(refusal?.error), "HTTP \(answer.status)"].compactMap { $0 }
            .joined(separator: ", ")
        switch answer.status {
        case 408, 429, 500...599:
            return .again(FileStoreError(.unavailable, action: action, path: place, detail: detail))
        default: return .final(FileStoreError(.credentialsRefused, action: action, path: place, detail: detail))
        }
    }
}
