import HTTPAccess
import NIOCore
import Primitives

/// The code that a person enters on another machine, and the page to enter it on.
public struct DeviceCode: Sendable, Hashable {
    /// The code to enter.
    public let userCode: String
    /// The page to enter it on.
    public let verificationURL: String
    /// How long both are valid.
    public let lifetime: Duration
}

extension InteractiveSignIn {
    private static let deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

    /// Signs in with a device code (RFC 8628): the person enters a code on a page, on any machine. Many tenants block this
    /// flow by policy (``AuthenticationFailure/Reason/conditionalAccess``).
    ///
    /// - Parameter show: Shows the code and the page to the person.
    /// - Throws: ``AuthenticationFailure``, or `CancellationError` when the task was cancelled.
    public func withDeviceCode(show: @Sendable (DeviceCode) async -> Void) async throws -> SignedIn {
        let secret = try clientSecret()
        let answer = try await deviceCode(secret)
        await show(answer.code)
        let form = [
            ("client_id", endpoint.clientID), ("grant_type", Self.deviceGrant), ("device_code", answer.secret),
        ]
        return try await poll(form + secret.form, answer, secrets: [answer.secret] + secret.texts)
    }

    private func deviceCode(_ secret: ClientSecret) async throws -> DeviceCodeAnswer {
        let form = [("client_id", endpoint.clientID), ("scope", scope)] + secret.form
        let answer = try await endpoint.send(form, path: "/oauth2/v2.0/devicecode")
        if (200..<300).contains(answer.status), let code = DeviceCodeAnswer(answer.body, limit: configuration.timeLimit)
        {
            return code
        }
        throw endpoint.failure(of: TokenAnswer(answer.body), answer, secrets: secret.texts)
    }

    /// Polls until the person has signed in. Transient failures are retried; others end the sign-in.
    private func poll(
        _ form: [(name: String, value: String)],
        _ code: DeviceCodeAnswer,
        secrets: [String]
    ) async throws -> SignedIn {
        let end = environment.clock.uptime() + code.code.lifetime
        var interval = code.interval
        while environment.clock.uptime() + interval <= end {
            try await environment.clock.sleep(for: interval)
            do throws(AuthenticationFailure) {
                let answer = try await endpoint.send(form, path: Self.tokenPath)
                let members = TokenAnswer(answer.body)
                if (200..<300).contains(answer.status), let grant = members.grant(now: environment.clock.now()) {
                    return signedIn(grant)
                }
                switch members.error {
                case "authorization_pending": continue
                // RFC 8628, section 3.5: the interval grows by five seconds.
                case "slow_down": interval = min(interval + .seconds(5), .seconds(60))
                default: throw endpoint.failure(of: members, answer, secrets: secrets)
                }
            } catch {
                try Task.checkCancellation()
                guard error.recovery == .retryable || error.recovery == .throttled else { throw error }
                interval = min(max(interval * 2, error.retryAfter ?? .zero), .seconds(60))
            }
        }
        throw AuthenticationFailure(reason: .signInTimedOut, account: configuration.account)
    }
}

/// The identity platform's answer to a request for a device code.
private struct DeviceCodeAnswer {
    var code: DeviceCode
    /// The device code with which the sign-in is polled; never shown.
    var secret: String
    var interval: Duration

    /// - Returns: Nil where a member is missing or unusable.
    init?(_ body: ByteBuffer, limit: Duration) {
        var members: [String: String] = [:]
        body.withUnsafeReadableBytes { bytes in
            var scanner = JSONReader(bytes)
            // Members before a syntax error are valid.
            try? scanner.readObject { name, scanner throws(JSONSyntaxError) in
                for known in Self.names where name.is(known) { members["\(known)"] = try scanner.readText() }
            }
        }
        guard let secret = members["device_code"], !secret.isEmpty,
            let userCode = members["user_code"].map(Redaction.bounded), !userCode.isEmpty,
            let page = members["verification_uri"] ?? members["verification_url"], WebLocation(page) != nil
        else { return nil }
        let seconds = members["expires_in"].flatMap(Double.init) ?? 900
        let lifetime = min(.seconds(min(max(seconds.isFinite ? seconds : 900, 1), 3_600)), limit)
        let interval = members["interval"].flatMap(Double.init) ?? 5
        self.secret = secret
        self.interval = .seconds(min(max(interval.isFinite ? interval : 5, 1), 60))
        code = DeviceCode(userCode: userCode, verificationURL: Redaction.bounded(page), lifetime: lifetime)
    }

    private static let names: [StaticString] = [
        "device_code", "user_code", "verification_uri", "verification_url", "expires_in", "interval",
    ]
}
