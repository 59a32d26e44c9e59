import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Only the HTTP requests of a number of jobs: one token, then a POST and a GET for each. The worker's own cost is what it
/// adds to this.
struct Requests {
    var url: String
    var jobs: Int
    var connections: Int

    struct Result: Encodable {
        var requests: Int
        var seconds: Double
        var cpuSeconds: Double
    }

    private static let path = "/v1.0/payouts/payments"

    func measure() async throws -> Result {
        let client = HTTPClient()
        do {
            let result = try await measure(client)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func measure(_ client: HTTPClient) async throws -> Result {
        let token = try await token(client)
        let begin = ContinuousClock.now
        let cpu = Measure.cpuSeconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<jobs {
                if number >= connections { try await group.next() }
                group.addTask { try await job(client, token) }
            }
            try await group.waitForAll()
        }
        return Result(
            requests: jobs * 2,
            seconds: (ContinuousClock.now - begin).inSeconds,
            cpuSeconds: Measure.cpuSeconds - cpu
        )
    }

    private func job(_ client: HTTPClient, _ token: String) async throws {
        let created = try await send(client, .POST, Self.path + "?fileformat=csv", token)
        guard let id = text("requestId", in: created) else { throw Refused(answer: created) }
        _ = try await send(client, .GET, Self.path + "/" + id, token)
    }

    private func send(_ client: HTTPClient, _ method: HTTPMethod, _ path: String, _ token: String) async throws
        -> String
    {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer " + token)
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "ms-requestid", value: UUID().uuidString)
        if method == .POST { request.body = .bytes(ByteBuffer()) }
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        guard (200..<300).contains(response.status.code) else { throw Refused(answer: body) }
        return body
    }

    private func token(_ client: HTTPClient) async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let form = [
            "grant_type": "password", "resource": "https://api.partner.microsoft.com",
            "client_id": environment["PAYOUT_API_CLIENT_ID"] ?? "",
            "username": environment["PAYOUT_API_USERNAME"] ?? "", "password": environment["PAYOUT_API_PASSWORD"] ?? "",
        ]
        var request = HTTPClientRequest(url: "\(url)/\(environment["PAYOUT_API_TENANT_ID"] ?? "")/oauth2/token")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        let body = form.map { name, value in
            name + "=" + (value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        }
        request.body = .bytes(ByteBuffer(string: body.joined(separator: "&")))
        let response = try await client.execute(request, timeout: .seconds(30))
        let answer = String(buffer: try await response.body.collect(upTo: 1 << 20))
        guard let token = text("access_token", in: answer) else { throw Refused(answer: "no token") }
        return token
    }

    /// The value of a member, found without a JSON decoder, because decoding would add to the cost.
    private func text(_ name: String, in json: String) -> String? {
        guard let key = json.firstRange(of: "\"\(name)\"") else { return nil }
        let rest = json[key.upperBound...].drop { $0 == ":" || $0 == " " }
        guard rest.first == "\"" else { return nil }
        return String(rest.dropFirst().prefix { $0 != "\"" })
    }

    private struct Refused: Error {
        var answer: String
    }
}
