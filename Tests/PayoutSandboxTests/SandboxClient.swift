import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import PayoutSandbox
import Testing

/// A complete response.
struct Answer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object; empty when it is not one.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    /// The export in a documented envelope.
    var export: [String: Any] {
        (json["value"] as? [[String: Any]])?.first ?? [:]
    }

    var exportStatus: String? { export["status"] as? String }
    var requestID: String { export["requestId"] as? String ?? "" }
    var blobLocation: String { export["blobLocation"] as? String ?? "" }

    /// The code of a nested or a flat error.
    var errorCode: String? {
        (json["error"] as? [String: Any])?["code"] as? String ?? json["code"] as? String
    }

    /// The first `AADSTS` number.
    var signInCode: Int? { (json["error_codes"] as? [Int])?.first }
}

/// Calls a sandbox as a client of the service does.
struct SandboxClient: Sendable {
    let address: PayoutSandbox.Address
    var token = ""

    /// Shared by the whole process. Redirects are returned, not followed.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static let payments = "/v1.0/payouts/payments"
    static let history = "/v1.0/payouts/transactionhistory"

    func send(
        _ method: HTTPMethod,
        _ target: String,
        headers: HTTPHeaders = [:],
        body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: target.hasPrefix("http") ? target : address.baseURL + target)
        request.method = method
        request.headers = headers
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await Self.http.execute(request, timeout: .seconds(300))
        let buffer = try await response.body.collect(upTo: 1 << 26)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers,
            body: Array(buffer.readableBytesView)
        )
    }

    var authorization: HTTPHeaders { ["Authorization": "Bearer \(token)", "Accept": "application/json"] }

    func create(
        _ path: String = payments,
        filter: String? = nil,
        format: String? = nil,
        idempotencyID: String? = nil
    ) async throws -> Answer {
        var query: [String] = []
        if let filter { query.append("$filter=" + escaped(filter)) }
        if let format { query.append("fileformat=" + format) }
        var headers = authorization
        if let idempotencyID { headers.add(name: "ms-requestid", value: idempotencyID) }
        let target = query.isEmpty ? path : path + "?" + query.joined(separator: "&")
        return try await send(.POST, target, headers: headers)
    }

    func get(_ id: String, _ path: String = payments) async throws -> Answer {
        try await send(.GET, "\(path)/\(id)", headers: authorization)
    }

    func delete(_ id: String, _ path: String = payments) async throws -> Answer {
        try await send(.DELETE, "\(path)/\(id)", headers: authorization)
    }

    /// Posts a form to a token endpoint.
    func post(_ form: [String: String], to path: String) async throws -> Answer {
        let body = form.map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(separator: "&")
        let headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded"]
        return try await send(.POST, path, headers: headers, body: body)
    }

    /// Creates an export and returns the URL of its file.
    func fileURL(_ path: String = payments, filter: String? = nil, format: String? = nil) async throws -> String {
        let created = try await create(path, filter: filter, format: format)
        let url = try await get(created.requestID, path).blobLocation
        try #require(!url.isEmpty)
        return url
    }

    private func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

/// The form of a sign-in with the default account.
func passwordForm(_ changes: [String: String?] = [:]) -> [String: String] {
    let account = PayoutSandbox.Account()
    var form = [
        "grant_type": "password", "username": account.username, "password": account.password,
        "client_id": account.clientID, "resource": "https://api.partner.microsoft.com",
    ]
    for (name, value) in changes { form[name] = value }
    return form
}

let tokenPathV1 = "/\(PayoutSandbox.Account().tenantID)/oauth2/token"
let tokenPathV2 = "/\(PayoutSandbox.Account().tenantID)/oauth2/v2.0/token"

/// Runs a sandbox until `body` returns, with a client that is signed in.
func withSandbox(
    _ configuration: PayoutSandbox.Configuration = .instant,
    signsIn: Bool = true,
    _ body: (PayoutSandbox, SandboxClient) async throws -> Void
) async throws {
    let sandbox = PayoutSandbox(configuration: configuration)
    let address = try await sandbox.start()
    do {
        var client = SandboxClient(address: address)
        if signsIn {
            let answer = try await client.post(passwordForm(), to: tokenPathV1)
            client.token = try #require(answer.json["access_token"] as? String)
        }
        try await body(sandbox, client)
    } catch {
        await sandbox.stop()
        throw error
    }
    await sandbox.stop()
}
