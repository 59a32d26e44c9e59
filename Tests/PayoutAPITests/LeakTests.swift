import Foundation
import PayoutFilters
import Synchronization
import Testing

@testable import PayoutAPI

/// Plants secrets everywhere, makes everything fail, and looks for them in whatever comes out.
@Suite struct LeakTests {
    static let password = "Pl4nted-Passw0rd+/="
    static let clientSecret = "Pl4nted~Client&Secret"
    static let refreshToken = "0.Pl4nted-Refresh-Token"
    static let accessToken = "Pl4nted-Access-Token-eyJhbGciOi"
    static let signature = "Pl4ntedSignature%3D"

    /// What every planted secret has in it, however it is encoded or cut.
    static let trace = "Pl4nted"

    /// An error body that says all the secrets that the server was told.
    static func indiscreet(_ request: StubRequest, status: Int) -> StubReply {
        let said = "\(request.header("authorization") ?? "") \(request.body) \(request.uri)"
            .replacing("\"", with: "'")
        return .answer(
            status,
            headers: [("request-id", "r")],
            body: #"{"error":{"code":"x","message":"you said \#(said)"},"error_description":"AADSTS50126: \#(said)"}"#
        )
    }

    final class Findings: Sendable {
        private let texts = Mutex<[String]>([])
        var text: String { self.texts.withLock { $0.joined(separator: "\n") } }

        func add(_ error: any Error) {
            var dumped = ""
            dump(error, to: &dumped)
            let text = "\(error)\n\(String(reflecting: error))\n\(dumped)\n\(error.localizedDescription)"
            self.texts.withLock { $0.append(text) }
        }

        func attempt<Value>(_ body: () async throws -> Value) async {
            do { _ = try await body() } catch { self.add(error) }
        }
    }

    @Test func nothingLeaksWhenTokensFail() async throws {
        let findings = Findings()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] = [
            { Self.indiscreet($0, status: 400) }, { Self.indiscreet($0, status: 500) },
            { .answer(200, body: "oops \($0.body)") }, { _ in .close },
            { request in .garbage("HTTP/9 \(request.body)") },
        ]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                let flows: [AzureADTokenProvider.Flow] = [
                    .password(
                        username: "ann",
                        password: Secret(Self.password),
                        clientSecret: Secret(Self.clientSecret)
                    ),
                    .refreshToken(Secret(Self.refreshToken), clientSecret: Secret(Self.clientSecret), savedIn: nil),
                    .clientCredentials(clientSecret: Secret(Self.clientSecret)),
                ]
                for flow in flows {
                    let provider = try TokenProviderTests.provider(server, transport, flow: flow, log: log)
                    await findings.attempt { try await provider.token() }
                }
            }
        }
        #expect(findings.text.contains("No access token for account default"))
        #expect(!findings.text.contains(Self.trace), "\(findings.text)")
        #expect(!log.text.contains(Self.trace))
    }

    @Test func nothingLeaksWhenCallsFail() async throws {
        let findings = Findings()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] =
            [400, 401, 403, 404, 409, 429, 500, 302].map { status in { Self.indiscreet($0, status: status) } }
            + [{ .answer(200, body: "oops \($0.header("authorization") ?? "")") }, { _ in .close }]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                for token in [Self.accessToken, Self.accessToken + "\r\nx: y"] {
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
                    await findings.attempt {
                        try await client.get(kind: .payments, requestID: "a", correlationID: UUID())
                    }
                    await findings.attempt {
                        try await client.create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
                    }
                }
            }
        }
        #expect(findings.text.contains("Could not"))
        #expect(!findings.text.contains(Self.trace), "\(findings.text)")
        #expect(log.text.contains("payout request"))
        #expect(!log.text.contains(Self.trace))
    }

    @Test func nothingLeaksWhenDownloadsFail() async throws {
        let findings = Findings()
        let log = LogCapture()
        let replies: [@Sendable (StubRequest) -> StubReply] = [
            { Self.indiscreet($0, status: 403) }, { Self.indiscreet($0, status: 400) }, { _ in .close },
            { .answer(302, headers: [("location", "http://192.0.2.1\($0.uri)")]) },
            { .answer(206, headers: [("content-range", $0.uri)], body: "x") },
        ]
        for reply in replies {
            try await withStub({ request, _ in reply(request) }) { server, transport in
                let downloader = try BlobDownloaderTests.downloader(transport, logger: log)
                for url in [
                    "\(server.url)/f?se=2099-01-01&sig=\(Self.signature)", "http://[bad/f?sig=\(Self.signature)",
                ] {
                    await findings.attempt { try await downloader.download(SASURL(url), to: MemoryConsumer()) }
                }
            }
        }
        #expect(findings.text.contains("Could not download"))
        #expect(!findings.text.contains(Self.trace), "\(findings.text)")
        #expect(!log.text.contains(Self.trace))
    }
}
