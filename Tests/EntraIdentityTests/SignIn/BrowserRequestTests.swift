import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// The requests that a sign-in's listener accepts, the checks before the page opens, and the page that the browser shows.
@Suite struct BrowserRequestTests {
    typealias Fixture = SignInFixture

    private static func answer(_ request: StubRequest, _ index: Int) -> StubReply {
        Fixture.isTrial(request) ? Fixture.trialAnswer : .answer(200, body: Fixture.answer(nonce: nil))
    }

    // MARK: - Other requests

    @Test func otherRequestsDoNotEndTheWait() async throws {
        let statuses = Box<[UInt]>([])
        try await withStub(Self.answer) { server, transport in
            let result = try await Fixture.signIn(server, transport).withBrowser { url in
                Task {
                    let state = Fixture.query(of: url)["state"] ?? ""
                    let base = Fixture.redirect(url, [], path: "").dropLast()
                    for (method, target) in [
                        (HTTPMethod.GET, "/favicon.ico"), (.GET, "/"), (.POST, "/?code=x&state=\(state)"),
                        (.GET, "/other?code=x&state=\(state)"), (.GET, "/?x"), (.GET, "/?code=x"),
                        (.GET, "/?code=x&state="), (.GET, "/?code=x&state=other"), (.GET, "/?error=x&state=other"),
                        (.GET, "/?code=x&state=\(String(repeating: "0", count: state.utf8.count))"),
                        (.GET, "/?code=x&state=\(state)&state=\(state)"),
                    ] {
                        let answer = await Fixture.get(base + target, transport, method: method)
                        statuses.value.append(UInt(answer?.status ?? 0))
                    }
                    _ = await Fixture.get(Fixture.redirect(url, [("code", "c"), ("state", state)]), transport)
                }
            }
            #expect(try result.refreshToken?.read() == "rt-1")
            #expect(statuses.value == Array(repeating: 404, count: 11))
            #expect(Fixture.redeemed(server) == 1)
        }
    }

    @Test func requestForAnotherHostIsRefused() async throws {
        let statuses = Box<[UInt]>([])
        try await withStub(Self.answer) { server, transport in
            _ = try await Fixture.signIn(server, transport).withBrowser { url in
                Task {
                    let target = Fixture.redirect(
                        url,
                        [("code", "c"), ("state", Fixture.query(of: url)["state"] ?? "")]
                    )
                    let port = URL(string: target)?.port ?? 0
                    for host in ["attacker.example", "attacker.example:\(port)", "localhost", "localhost:1"] {
                        let answer = await Fixture.get(target, transport, headers: ["host": host])
                        statuses.value.append(UInt(answer?.status ?? 0))
                    }
                    _ = await Fixture.get(target, transport, headers: ["host": "LocalHost:\(port)"])
                }
            }
            #expect(statuses.value == [404, 404, 404, 404])
        }
    }

    @Test func answerOverIPv6IsAccepted() async throws {
        let group = NIOSingletons.posixEventLoopGroup
        guard let probe = try? await ServerBootstrap(group: group).bind(host: "::1", port: 0).get() else { return }
        try await probe.close()
        let status = Box<Int?>(nil)
        try await withStub(Self.answer) { server, transport in
            let result = try await Fixture.signIn(server, transport).withBrowser { url in
                let target = Fixture.redirect(url, [("code", "c"), ("state", Fixture.query(of: url)["state"] ?? "")])
                let address = target.replacing("127.0.0.1", with: "[::1]")
                Task {
                    let answer = await Fixture.get(address, transport)
                    status.value = answer.map { Int($0.status) } ?? 0
                    // Ends the test also after a failure.
                    if answer == nil { await Fixture.get(target, transport) }
                }
            }
            #expect(try result.refreshToken?.read() == "rt-1")
            try await eventually { status.value != nil }
        }
        #expect(status.value == 200)
    }

    // MARK: - What the browser shows

    private struct Refused: Error {}

    /// Signs in, and returns the page that the browser shows.
    private func page(_ accept: @escaping @Sendable (SignedIn) async throws -> Bool) async throws -> String {
        let page = Box("")
        try await withStub(Self.answer) { server, transport in
            let signIn = try Fixture.signIn(server, transport)
            _ = try? await signIn.withBrowser(
                open: { url in
                    Task {
                        let fields = [("code", "c"), ("state", Fixture.query(of: url)["state"] ?? "")]
                        let answer = await Fixture.get(Fixture.redirect(url, fields), transport)
                        page.value = answer.map { String(buffer: $0.body) } ?? "none"
                    }
                },
                accept: { result in
                    // The browser waits for this.
                    #expect(page.value.isEmpty)
                    return try await accept(result)
                }
            )
            try await eventually { !page.value.isEmpty }
        }
        return page.value
    }

    @Test func pageShowsSignedInOnlyAfterTheResultIsAccepted() async throws {
        #expect(try await page { _ in true }.contains("<h1>Signed in"))
        #expect(try await page { _ in false }.contains("<h1>Not signed in"))
        #expect(try await page { _ in throw Refused() }.contains("<h1>Not signed in"))
    }

    // MARK: - Before the page is opened

    @Test(arguments: [
        (700_016, "unauthorized_client", AuthenticationFailure.Reason.applicationNotFound),
        (90002, "invalid_request", .tenantNotFound),
        (7_000_218, "invalid_client", .clientSecretRequired),
        (7_000_215, "invalid_client", .clientSecretRefused),
    ])
    func wrongApplicationIsReportedBeforeThePageIsOpened(
        code: Int,
        error: String,
        reason: AuthenticationFailure.Reason
    ) async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(code, error: error) }) { server, transport in
            let opened = Box(false)
            let failed = try await failure(of: AuthenticationFailure.self) {
                try await Fixture.signIn(server, transport).withBrowser { _ in opened.value = true }
            }
            #expect(failed.reason == reason)
            #expect(!opened.value)
            let form = TokenStandIn.form(try #require(server.requests.first))
            #expect(form["client_id"] == "client-1")
            #expect(form["grant_type"] == "authorization_code")
        }
    }

    @Test(arguments: [StubReply.close, .answer(404, body: "<html>Not found</html>")])
    func wrongAuthorityIsReportedBeforeThePageIsOpened(reply: StubReply) async throws {
        try await withStub({ _, _ in reply }) { server, transport in
            let opened = Box(false)
            await #expect(throws: AuthenticationFailure.self) {
                try await Fixture.signIn(server, transport).withBrowser { _ in opened.value = true }
            }
            #expect(!opened.value)
        }
    }

    @Test func busyAuthorityDoesNotPreventTheSignIn() async throws {
        let replies = [StubReply.answer(503), .answer(429, body: "{}"), TokenStandIn.refusal(70000)]
        for reply in replies {
            try await withStub({ request, _ in
                Fixture.isTrial(request) ? reply : .answer(200, body: Fixture.answer(nonce: nil))
            }) { server, transport in
                let result = try await Fixture.signIn(server, transport).withBrowser { url in
                    let fields = [("code", "c"), ("state", Fixture.query(of: url)["state"] ?? "")]
                    Task { await Fixture.get(Fixture.redirect(url, fields), transport) }
                }
                #expect(try result.refreshToken?.read() == "rt-1")
            }
        }
    }
}
