import ExportCore
import Foundation
import HTTPTypes
import Synchronization
import Testing
import WorkerSamples

@testable import WorkerConsole

@Suite("Actions of the console")
struct ActionTests {
    private static let token = FakeActions.token

    private func post(
        _ path: String,
        _ body: String = "",
        token: String? = ActionTests.token,
        port: Int
    ) async throws -> RawAnswer {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return try await RawClient.raw(
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(authorization)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)",
            port: port
        )
    }

    private func withActions(
        _ actions: FakeActions?,
        token: String? = ActionTests.token,
        _ body: (Int) async throws -> Void
    ) async throws {
        let source = FakeSource()
        source.set { $0.record = (2, Sample.record()) }
        try await withConsole(source, actions: actions, configure: { $0.adminToken = token }, body)
    }

    @Test func actionsAreWrittenWithTheToken() async throws {
        let actions = FakeActions()
        try await withActions(actions) { port in
            let cancelled = try await post("/api/jobs/job-1/cancel", port: port)
            #expect(cancelled.status == 202, "\(cancelled.body)")
            let retried = try await post("/api/jobs/job-1/retry", port: port)
            #expect(retried.body.contains(#""newJobId":"job-1.retry-1""#))
            let paused = try await post(
                "/api/pause",
                #"{"account":"emea","kind":"payments","until":"2099-01-01T00:00:00Z","reason":"why","calls":true}"#,
                port: port
            )
            #expect(paused.status == 202, "\(paused.body)")
            #expect(paused.body.contains(#""partitions":3"#))
            #expect(try await post("/api/resume", port: port).status == 202)
        }
        #expect(
            actions.done.withLock { $0 } == [
                "cancel job-1 2", "retry job-1 2", "pause emea payments true why", "resume - -",
            ]
        )
    }

    @Test func consoleWithoutTokenIsReadOnly() async throws {
        let actions = FakeActions()
        try await withActions(actions, token: nil) { port in
            let answer = try await post("/api/resume", port: port)
            #expect(answer.status == 403)
            #expect(answer.body.contains("HTTP_ADMIN_TOKEN"))
        }
        #expect(actions.done.withLock { $0 }.isEmpty)
    }

    @Test func wrongTokensAreRefusedAndThenLimited() async throws {
        let actions = FakeActions()
        try await withActions(actions) { port in
            for token in ["", "wrong", Self.token + "x", String(Self.token.dropLast())] {
                #expect(try await post("/api/resume", token: token, port: port).status == 401)
            }
            for _ in 0..<7 { _ = try await post("/api/resume", token: "wrong", port: port) }
            let limited = try await post("/api/resume", token: "wrong", port: port)
            #expect(limited.status == 429)
            #expect(limited.headers["retry-after"] != nil)
            #expect(actions.done.withLock { $0 }.isEmpty)
            #expect(try await post("/api/resume", port: port).status == 202, "the right token is never limited")
        }
    }

    @Test func missingTokensAreRefusedWithoutALimit() async throws {
        try await withActions(FakeActions()) { port in
            for _ in 0..<12 { #expect(try await post("/api/resume", token: nil, port: port).status == 401) }
            let wrong = try await post("/api/resume", token: "wrong", port: port)
            #expect(wrong.status == 401)
        }
    }

    @Test(arguments: [
        ("/api/pause", #"{"kind":"invoices"}"#, 409), ("/api/pause", #"{"until":"2020-01-01T00:00:00Z"}"#, 409),
        ("/api/pause", #"{"calls":"yes"}"#, 409), ("/api/pause", #"{"account":""}"#, 409), ("/api/pause", "[", 409),
        ("/api/pause", #"{"acount":"emea"}"#, 409), ("/api/resume", #"{"reason":"why"}"#, 409),
        ("/api/jobs/unknown/cancel", "", 409), ("/api/jobs/%2F/retry", "", 409), ("/api/jobs/job-1/other", "", 405),
        ("/api/status", "", 405),
    ])
    func invalidRequestIsRefused(path: String, body: String, status: Int) async throws {
        let actions = FakeActions()
        try await withActions(actions) { port in
            let answer = try await post(path, body, port: port)
            #expect(answer.status == status, "\(answer.body)")
        }
        #expect(actions.done.withLock { $0 }.isEmpty)
    }

    @Test func failedActionIsReported() async throws {
        try await withActions(FakeActions(failure: .init(isFinal: false, message: "Kafka is unreachable"))) { port in
            let answer = try await post("/api/resume", port: port)
            #expect(answer.status == 503)
            #expect(answer.body.contains("Kafka is unreachable"))
        }
    }

    // MARK: Sign-in

    private func send(_ method: String, _ path: String, _ headers: String, body: String = "", port: Int) async throws
        -> RawAnswer
    {
        try await RawClient.raw(
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)",
            port: port
        )
    }

    @Test func browserSignsInAndActsWithItsCookieAndTheHeader() async throws {
        let actions = FakeActions()
        try await withActions(actions) { port in
            let header = "X-Payout-Action: 1\r\n"
            let wrong = try await send("POST", "/api/session", header, body: #"{"token":"wrong"}"#, port: port)
            #expect(wrong.status == 401)
            #expect(wrong.headers["set-cookie"] == nil)
            let body = #"{"token":"\#(Self.token)"}"#
            #expect(try await send("POST", "/api/session", "", body: body, port: port).status == 403)
            let signedIn = try await send("POST", "/api/session", header, body: body, port: port)
            let setting = try #require(signedIn.headers["set-cookie"])
            #expect(setting.contains("HttpOnly") && setting.contains("SameSite=Strict"))
            #expect(!setting.contains(Self.token))
            let cookie = "Cookie: other=1; \(setting.prefix { $0 != ";" })\r\n"
            let state = try await send("GET", "/api/session", cookie, port: port)
            #expect(state.body == #"{"isEnabled":true,"isSignedIn":true}"#)
            // A page of another origin can send the cookie of the same host, and not the header.
            #expect(try await send("POST", "/api/resume", cookie, port: port).status == 401)
            let acted = try await send("POST", "/api/resume", cookie + header, port: port)
            #expect(acted.status == 202)
            let signedOut = try await send("DELETE", "/api/session", cookie, port: port)
            #expect(signedOut.headers["set-cookie"]?.contains("Max-Age=0") == true)
        }
        #expect(actions.done.withLock { $0 } == ["resume - -"])
    }

    @Test(
        arguments: [
            ("https://worker.example.com", true), ("http://127.0.0.1", false), ("null", false), (nil, false),
        ] as [(String?, Bool)]
    )
    func cookieIsSecureWhereThePageCameOverTLS(origin: String?, isSecure: Bool) async throws {
        try await withActions(FakeActions()) { port in
            let headers = "X-Payout-Action: 1\r\n" + (origin.map { "Origin: \($0)\r\n" } ?? "")
            let body = #"{"token":"\#(Self.token)"}"#
            let signedIn = try await send("POST", "/api/session", headers, body: body, port: port)
            let cookie = try #require(signedIn.headers["set-cookie"])
            #expect(cookie.hasSuffix("; Secure") == isSecure, "\(cookie)")
        }
    }

    @Test func stateOfASessionRemovesNoCookie() async throws {
        try await withActions(FakeActions()) { port in
            let cookie = "Cookie: \(ConsoleSession(token: Self.token).begin().prefix { $0 != ";" })\r\n"
            for _ in 0..<12 { _ = try await post("/api/resume", token: "wrong", port: port) }
            let state = try await send("GET", "/api/session", cookie, port: port)
            #expect(state.body == #"{"isEnabled":true,"isSignedIn":true}"#)
            let other = try await send("GET", "/api/session", "Cookie: payout_console=1.0\r\n", port: port)
            #expect(other.body == #"{"isEnabled":true,"isSignedIn":false}"#)
            #expect(state.headers["set-cookie"] == nil && other.headers["set-cookie"] == nil)
        }
    }

    @Test func cookieIsValidForEightHoursAndOneToken() throws {
        let (session, start) = (ConsoleSession(token: Self.token), Date(timeIntervalSince1970: 1_000_000))
        let value = String(session.begin(at: start).prefix { $0 != ";" })
        #expect(value.hasPrefix("payout_console=1028800."))
        func admits(_ value: String, _ session: ConsoleSession, after seconds: Double) -> Bool {
            let headers: HTTPFields = [.cookie: value]
            return session.admits(headers, acts: false, at: start.addingTimeInterval(seconds))
        }
        #expect(admits(value, session, after: 0))
        #expect(admits(value, session, after: 28_799))
        #expect(!admits(value, session, after: 28_800))
        #expect(!admits(value, ConsoleSession(token: "another-token-of-it"), after: 0))
        let changed = value.replacingOccurrences(of: "1028800", with: "1028801")
        for forged in [
            changed, value + "0", "payout_console=1028800.", "payout_console=", "payout_console=\(Self.token)",
        ] {
            #expect(!admits(forged, session, after: 0), "\(forged)")
        }
    }

    @Test func sessionOfReadOnlyConsoleIsDisabled() async throws {
        try await withActions(FakeActions(), token: nil) { port in
            let state = try await RawClient.send("/api/session", port: port)
            #expect(state.body == #"{"isEnabled":false,"isSignedIn":false}"#)
            let refused = try await send("POST", "/api/session", "", body: #"{"token":"a"}"#, port: port)
            #expect(refused.status == 403)
        }
    }

    // MARK: Access

    @Test func attemptsCountForEachAddressAndEnd() {
        let (access, start) = (AdminAccess(token: "token"), ContinuousClock.now)
        for _ in 0..<10 { #expect(access.decide("wrong", from: "a", at: start) == .refused) }
        #expect(access.decide("wrong", from: "a", at: start) == .limited(.seconds(60)))
        #expect(access.decide("token", from: "a", at: start) == .permitted)
        #expect(access.decide(nil, from: "a", at: start) == .refused)
        #expect(access.decide("wrong", from: "b", at: start) == .refused)
        #expect(access.decide("wrong", from: "a", at: start + .seconds(60)) == .refused)
        #expect(AdminAccess(token: nil).decide("token", from: "a", at: start) == .disabled)
    }

    @Test(arguments: [("Bearer a", "a"), ("bearer a b", "a b"), ("Basic a", nil), ("", nil)] as [(String, String?)])
    func tokenIsThatOfTheHeader(header: String, token: String?) {
        #expect(AdminAccess.bearer(header) == token)
    }

    @Test func tokensAreComparedAsAWhole() {
        for (left, right) in [("ab", "ab"), ("ab", "abab"), ("ab", ""), ("", "ab"), ("", ""), ("ab", "ac")] {
            #expect(AdminAccess.isEqual(Array(left.utf8), Array(right.utf8)) == (left == right), "\(left) \(right)")
        }
    }
}
