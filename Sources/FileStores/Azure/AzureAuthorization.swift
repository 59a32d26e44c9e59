import EntraIdentity
import HTTPAccess
import NIOHTTP1
import Primitives

/// How requests to a container are authorized: by a shared access signature or by an application's tokens. `AzureBackend`
/// authorizes each request with it.
enum AzureAuthorization: Sendable {
    /// A shared access signature, which is appended to each URL.
    case signature(Secret)
    /// Access tokens of an application.
    case tokens(AzureTokens)

    init(
        _ configuration: AzureBlobConfiguration,
        _ caller: StoreCaller,
        _ transport: HTTPTransport
    ) throws(FileStoreError) {
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
                detail: "there is no SAS token, and not all of tenant, client and client secret"
            )
        }
        var tokens = EntraTokenProvider.Configuration(
            tenantID: tenant,
            clientID: client,
            flow: .clientCredentials(clientSecret: secret)
        )
        tokens.authority = configuration.authority
        tokens.resource = "https://storage.azure.com"
        tokens.requestTimeout = .seconds(20)
        do {
            let provider = try EntraTokenProvider(configuration: tokens, transport: transport)
            self = .tokens(AzureTokens(provider: provider, authority: tokens.authority, caller: caller))
        } catch {
            throw FileStoreError(
                .invalidLocation,
                action: "use",
                path: "the identity provider of Azure Blob Storage",
                detail: error.description
            )
        }
    }

    /// Adds the signature or the token to a request.
    func authorize(_ request: inout OutgoingRequest) async throws(FileStoreError) {
        switch self {
        case .signature(let secret):
            let token = try await secret.reveal("use the signature in")
            request.url +=
                (request.url.contains("?") ? "&" : "?") + (token.hasPrefix("?") ? token.dropFirst() : token[...])
        case .tokens(let tokens):
            request.headers.add(name: "authorization", value: try await tokens.header())
        }
    }

    /// Discards the cached token after the store has refused it.
    func forget() {
        if case .tokens(let tokens) = self { tokens.provider.credentialsChanged() }
    }
}

/// Access tokens of the Microsoft identity platform for Azure Blob Storage, with failures as ``FileStoreError``.
struct AzureTokens: Sendable {
    private static let action = "get a token from"

    let provider: EntraTokenProvider
    let authority: String
    let caller: StoreCaller

    /// The value of an `Authorization` header.
    func header() async throws(FileStoreError) -> String {
        try await caller.repeating(Self.action, authority) { () async throws(FileStoreError) in
            do {
                return .success(try await provider.token().header)
            } catch let failure as AuthenticationFailure {
                return .failure(fault(failure))
            } catch {
                return .failure(.final(FileStoreError(.cancelled, action: Self.action, path: authority)))
            }
        }
    }

    private func fault(_ failure: AuthenticationFailure) -> CallFault {
        func error(_ kind: FileStoreError.Kind) -> FileStoreError {
            FileStoreError(kind, action: Self.action, path: authority, detail: Self.detail(failure))
        }
        switch failure.reason {
        case .secretUnavailable, .unreadableAnswer: return .final(error(.noCredentials))
        case .transport(.timeout): return .againOnce(error(.unavailable))
        default:
            let isTransient = failure.recovery == .retryable || failure.recovery == .throttled
            return isTransient ? .again(error(.unavailable)) : .final(error(.credentialsRefused))
        }
    }

    /// The AADSTS number, the reason's code and the status. The platform's texts are left out: they repeat what was sent.
    private static func detail(_ failure: AuthenticationFailure) -> String? {
        switch failure.reason {
        case .secretUnavailable, .transport: return failure.detail
        default: break
        }
        var reason: String? = failure.reason.code
        if case .refused(let code) = failure.reason { reason = ResponseWord.code(code) }
        return [failure.aadCode.map { "AADSTS\($0)" }, reason, failure.httpStatus.map { "HTTP \($0)" }]
            .compactMap(\.self).joined(separator: ", ")
    }
}
