import EntraIdentity
import Foundation
import HTTPAccess
import PayoutAPI
import PayoutFilters
import Primitives

/// The calls of `Requests` through the API client: a POST and a GET for each job. What the client adds is its own cost.
struct ClientCalls {
    var url: String
    var jobs: Int
    var connections: Int

    func measure() async throws -> Requests.Result {
        let transport = HTTPTransport()
        do {
            let result = try await measure(transport)
            try await transport.shutdown()
            return result
        } catch {
            try? await transport.shutdown()
            throw error
        }
    }

    private func measure(_ transport: HTTPTransport) async throws -> Requests.Result {
        let client = try client(transport)
        // The token is not part of the measurement.
        try await job(client)
        let begin = ContinuousClock.now
        let cpu = Measure.cpuSeconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<jobs {
                if number >= connections { try await group.next() }
                group.addTask { try await job(client) }
            }
            try await group.waitForAll()
        }
        return Requests.Result(
            requests: jobs * 2,
            seconds: (ContinuousClock.now - begin).inSeconds,
            cpuSeconds: Measure.cpuSeconds - cpu
        )
    }

    private func job(_ client: PayoutClient) async throws {
        let created = try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
        _ = try await client.get(kind: .payments, requestID: created.requestID, correlationID: UUID())
    }

    private func client(_ transport: HTTPTransport) throws -> PayoutClient {
        let environment = ProcessInfo.processInfo.environment
        var tokens = EntraTokenProvider.Configuration(
            tenantID: environment["PAYOUT_API_TENANT_ID"] ?? "",
            clientID: environment["PAYOUT_API_CLIENT_ID"] ?? "",
            flow: .password(
                username: environment["PAYOUT_API_USERNAME"] ?? "",
                password: Secret(environment["PAYOUT_API_PASSWORD"] ?? ""),
                clientSecret: nil
            )
        )
        tokens.authority = url
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = url
        return try PayoutClient(
            configuration: configuration,
            tokens: EntraTokenProvider(configuration: tokens, transport: transport),
            transport: transport
        )
    }
}
