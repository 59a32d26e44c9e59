import EntraIdentity
import Foundation
import HTTPStandIns
import PayoutFilters
import Primitives
import Synchronization
import Testing
import TestSupport

@testable import PayoutAPI

/// Secrets that are configured, sent and echoed by the server never appear in errors or logs.
@Suite(.bothTransports) struct LeakTests {
    @Test func nothingLeaksWhenTokensFail() async throws {
        let errors = PlantedSecrets.ErrorTexts()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] = [
            { PlantedSecrets.echo(of: $0, status: 400) }, { PlantedSecrets.echo(of: $0, status: 500) },
            { .answer(200, body: "oops \($0.body)") }, { _ in .close },
            { request in .garbage("HTTP/9 \(request.body)") },
        ]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                let flows: [EntraTokenProvider.Flow] = [
                    .password(
                        username: "ann",
                        password: Secret(PlantedSecrets.password),
                        clientSecret: Secret(PlantedSecrets.clientSecret)
                    ),
                    .refreshToken(
                        Secret(PlantedSecrets.refreshToken),
                        clientSecret: Secret(PlantedSecrets.clientSecret),
                        savedIn: nil
                    ),
                    .clientCredentials(clientSecret: Secret(PlantedSecrets.clientSecret)),
                ]
                for flow in flows {
                    let provider = try TokenStandIn.provider(server, transport, flow: flow, log: log)
                    await errors.attempt { try await provider.token() }
                }
            }
        }
        #expect(errors.text.contains("Failed to obtain an access token for account default"))
        #expect(!errors.text.contains(PlantedSecrets.trace), "\(errors.text)")
        #expect(!log.text.contains(PlantedSecrets.trace))
    }

    @Test func nothingLeaksWhenCallsFail() async throws {
        let errors = PlantedSecrets.ErrorTexts()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] =
            [400, 401, 403, 404, 409, 429, 500, 302].map { status in { PlantedSecrets.echo(of: $0, status: status) } }
            + [{ .answer(200, body: "oops \($0.header("authorization") ?? "")") }, { _ in .close }]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                for token in [PlantedSecrets.accessToken, PlantedSecrets.accessToken + "\r\nx: y"] {
                    var configuration = PayoutClient.Configuration()
                    configuration.baseURL = server.url
                    configuration.retryPolicy = .standard
                    let client = try PayoutClient(
                        configuration: configuration,
                        tokens: StaticTokenProvider(Secret(token)),
                        transport: transport,
                        environment: .test(TestClock()),
                        logger: log.logger
                    )
                    await errors.attempt {
                        try await client.get(kind: .payments, requestID: "a", correlationID: UUID())
                    }
                    await errors.attempt {
                        try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
                    }
                }
            }
        }
        #expect(errors.text.contains("Failed to"))
        #expect(!errors.text.contains(PlantedSecrets.trace), "\(errors.text)")
        #expect(log.text.contains("Payout request"))
        #expect(!log.text.contains(PlantedSecrets.trace))
    }

    @Test func nothingLeaksWhenDownloadsFail() async throws {
        let errors = PlantedSecrets.ErrorTexts()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] = [
            { PlantedSecrets.echo(of: $0, status: 403) }, { PlantedSecrets.echo(of: $0, status: 400) },
            { _ in .close },
            { .answer(302, headers: [("location", "http://192.0.2.1\($0.uri)")]) },
            { .answer(206, headers: [("content-range", $0.uri)], body: "x") },
        ]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                let downloader = try BlobDownloaderTests.downloader(transport, logger: log)
                for url in [
                    "\(server.url)/f?se=2099-01-01&sig=\(PlantedSecrets.signature)",
                    "http://[bad/f?sig=\(PlantedSecrets.signature)",
                ] {
                    await errors.attempt { try await downloader.download(SASURL(url), to: MemoryConsumer()) }
                }
            }
        }
        #expect(errors.text.contains("Failed to download"))
        #expect(!errors.text.contains(PlantedSecrets.trace), "\(errors.text)")
        #expect(!log.text.contains(PlantedSecrets.trace))
    }
}
