import Foundation
import HTTPStandIns
import Primitives
import Testing
import TestSupport

@testable import EntraIdentity

/// Signing in with a device code: polling, refusals and unusable answers.
@Suite struct DeviceCodeTests {
    typealias Fixture = SignInFixture

    static let code =
        #"{"device_code":"dc","user_code":"ABCD-EFGH","verification_uri":"https://login.example/device","expires_in":900,"interval":5,"message":"x"}"#

    static func error(_ code: String, status: Int = 400) -> StubReply {
        .answer(status, body: #"{"error":"\#(code)","error_description":"said the platform"}"#)
    }

    /// Answers first with the device code, then with these replies, repeating the last one.
    static func script(_ replies: [StubReply], code: String = Self.code) -> @Sendable (StubRequest, Int) -> StubReply {
        { request, index in
            request.path.hasSuffix("devicecode") ? .answer(200, body: code) : replies[min(index - 1, replies.count - 1)]
        }
    }

    @Test func signInOnAnotherMachineReturnsTheTokens() async throws {
        let clock = TestClock()
        let shown = Box<DeviceCode?>(nil)
        let replies: [StubReply] = [
            Self.error("authorization_pending"), Self.error("slow_down"), Self.error("authorization_pending"),
            .answer(200, body: Fixture.answer(nonce: nil)),
        ]
        try await withStub(Self.script(replies)) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(clock))
            let result = try await signIn.withDeviceCode { shown.value = $0 }
            #expect(try result.refreshToken?.read() == "rt-1")
            #expect(shown.value?.userCode == "ABCD-EFGH")
            #expect(shown.value?.verificationURL == "https://login.example/device")
            // slow_down: the interval grows by five seconds.
            #expect(clock.sleeps == [.seconds(5), .seconds(5), .seconds(10), .seconds(10)])
            let asked = TokenStandIn.form(server.requests[0])
            #expect(asked["scope"]?.contains("offline_access") == true)
            let polled = TokenStandIn.form(server.requests[1])
            #expect(polled["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code")
            #expect(polled["device_code"] == "dc")
        }
    }

    @Test(arguments: [
        ("authorization_declined", AuthenticationFailure.Reason.declined), ("access_denied", .declined),
        ("expired_token", .signInTimedOut), ("bad_verification_code", .deviceCodeUnknown),
        ("invalid_grant", .refused("invalid_grant")),
    ])
    func refusalEndsThePolling(error: String, reason: AuthenticationFailure.Reason) async throws {
        try await withStub(Self.script([Self.error("authorization_pending"), Self.error(error)])) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(TestClock()))
            let failed = try await failure(of: AuthenticationFailure.self) { try await signIn.withDeviceCode { _ in } }
            #expect(failed.reason == reason)
            #expect(server.requests.count == 3)
        }
    }

    @Test func policyThatBlocksTheFlowNamesTheBrowserFlow() async throws {
        try await withStub({ _, _ in TokenStandIn.refusal(53003, error: "access_denied") }) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(TestClock()))
            let failed = try await failure(of: AuthenticationFailure.self) { try await signIn.withDeviceCode { _ in } }
            #expect(failed.reason == .conditionalAccess)
            #expect(failed.description.contains("sign in with a browser"))
        }
    }

    @Test func failedConnectionIsRetried() async throws {
        let replies: [StubReply] = [.close, .answer(503), .answer(200, body: Fixture.answer(nonce: nil))]
        try await withStub(Self.script(replies)) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(TestClock()))
            let result = try await signIn.withDeviceCode { _ in }
            #expect(try result.refreshToken?.read() == "rt-1")
        }
    }

    @Test func missingPersonEndsThePollingAtTheTimeLimit() async throws {
        let clock = TestClock()
        try await withStub(Self.script([Self.error("authorization_pending")])) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(clock))
            let failed = try await failure(of: AuthenticationFailure.self) { try await signIn.withDeviceCode { _ in } }
            #expect(failed.reason == .signInTimedOut)
            #expect(clock.sleeps.reduce(.zero, +) <= .seconds(600))
        }
    }

    @Test(arguments: [
        "{}", "oops", #"{"device_code":"dc","user_code":"","verification_uri":"https://login.example/device"}"#,
        #"{"device_code":"dc","user_code":"A","verification_uri":"javascript:alert(1)"}"#,
        #"{"device_code":"dc","user_code":"A","verification_uri":"https://a@b/"}"#,
    ])
    func unusableDeviceCodeIsRefused(body: String) async throws {
        try await withStub(Self.script([], code: body)) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(TestClock()))
            let failed = try await failure(of: AuthenticationFailure.self) {
                try await signIn.withDeviceCode { _ in Issue.record("shown") }
            }
            #expect(failed.reason == .unreadableAnswer)
        }
    }

    @Test func implausibleNumbersAreBounded() async throws {
        let clock = TestClock()
        let body =
            #"{"device_code":"dc","user_code":"A\u001B[31m","verification_uri":"https://l.example/","expires_in":1e300,"interval":-7}"#
        try await withStub(Self.script([Self.error("authorization_pending")], code: body)) { server, transport in
            let signIn = try Fixture.signIn(server, transport, environment: .test(clock))
            let failed = try await failure(of: AuthenticationFailure.self) {
                try await signIn.withDeviceCode { #expect($0.userCode == "A [31m") }
            }
            #expect(failed.reason == .signInTimedOut)
            #expect(clock.sleeps.allSatisfy { $0 == .seconds(1) })
            #expect(clock.sleeps.count <= 600)
        }
    }

    /// The answers echo every secret of the request.
    @Test func nothingLeaksWhenSigningInFails() async throws {
        let errors = PlantedSecrets.ErrorTexts()
        let secret = Secret(PlantedSecrets.clientSecret)
        let code = Self.code.replacing(#""dc""#, with: #""Pl4nted-Device-Code""#)
        for status in [400, 401, 500] {
            try await withStub({ request, _ in
                if Fixture.isTrial(request) { return Fixture.trialAnswer }
                return request.path.hasSuffix("devicecode") && !request.body.contains("none")
                    ? .answer(200, body: code) : PlantedSecrets.echo(of: request, status: status)
            }) { server, transport in
                let signIn = try Fixture.signIn(
                    server,
                    transport,
                    clientSecret: secret,
                    environment: .test(TestClock())
                )
                await errors.attempt { try await signIn.withDeviceCode { _ in } }
                await errors.attempt {
                    try await Fixture.signIn(server, transport, clientSecret: secret).withBrowser { url in
                        Task {
                            let state = Fixture.query(of: url)["state"] ?? ""
                            let fields = [("code", "Pl4nted-Code"), ("state", state)]
                            await Fixture.get(Fixture.redirect(url, fields), transport)
                        }
                    }
                }
            }
        }
        #expect(errors.text.contains("Failed to obtain an access token for account default"))
        #expect(!errors.text.contains(PlantedSecrets.trace), "\(errors.text)")
    }
}
