import HTTPTypes
import Primitives

// The device code flow (RFC 8628).

/// A device code that waits for its person.
struct PendingDevice: Sendable {
    enum Answer: Sendable {
        case none
        case approved
        case declined
    }

    var account: UInt16
    var userCode: String
    var scope: String
    var expires: Timestamp
    /// The earliest allowed time of the next poll.
    var nextPoll: Timestamp
    var polls = 0
    var answer = Answer.none
}

extension ServiceState {
    static let deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

    /// Answers a request for a device code.
    mutating func deviceCodeReply(to request: ServiceRequest, drawn: FaultPlan.Drawn) -> ServiceReply {
        let now = now
        if case .signInError(let error) = drawn.replacement { return refusal(error, of: request, at: now) }
        let tenant = request.path.dropFirst().split(separator: "/").first.map(String.init) ?? ""
        do throws(PayoutSandbox.SignInError) {
            guard request.method == .post, let form = FormFields(String(decoding: request.body, as: UTF8.self)) else {
                throw .missingParameter
            }
            let client = try clients(form["client_id"], tenant: tenant)[0]
            if let error = audienceError(form, version: .v2) { throw error }
            if let error = secretError(form, client: client, isRequired: false) { throw error }
            if configuration.signIn.person == .isBlockedByPolicy { throw .blockedByPolicy }
            return newDeviceCode(client, scope: form["scope"] ?? "", at: now)
        } catch {
            return refusal(error, of: request, at: now)
        }
    }

    private mutating func newDeviceCode(_ client: Int, scope: String, at now: Timestamp) -> ServiceReply {
        let behaviour = configuration.signIn
        let code = "DAQABA" + tokens.code("device", serial: random.next())
        let letters = Array("BCDFGHJKLMNPQRSTVWXZ")
        let userCode = String((0..<9).map { _ in letters[Int(random.below(UInt64(letters.count)))] })
        devices[code] = PendingDevice(
            account: UInt16(truncatingIfNeeded: client),
            userCode: userCode,
            scope: scope,
            expires: now + behaviour.codeLifetime.inNanoseconds,
            nextPoll: now
        )
        let page = "\(origin)/devicecode"
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("device_code", code)
            writer.member("user_code", userCode)
            writer.member("verification_uri", page)
            writer.member("expires_in", behaviour.codeLifetime.components.seconds)
            writer.member("interval", behaviour.pollInterval.components.seconds)
            writer.member("message", "Open \(page) and enter the code \(userCode) to sign in.")
        }
        return tokenJSON(writer.bytes, status: 200)
    }

    /// Answers a poll of the token endpoint.
    mutating func deviceTokenReply(
        _ form: FormFields,
        tenant: String,
        to request: ServiceRequest,
        at now: Timestamp
    ) -> ServiceReply {
        do throws(PayoutSandbox.SignInError) {
            let clients = try clients(form["client_id"], tenant: tenant)
            if let error = secretError(form, client: clients[0], isRequired: false) { throw error }
        } catch {
            return refusal(error, of: request, at: now)
        }
        guard let code = form["device_code"], var device = devices[code] else {
            return deviceError("bad_verification_code", "The device code is not known.")
        }
        guard now < device.expires else {
            devices[code] = nil
            return deviceError("expired_token", "The device code has expired.")
        }
        let isTooSoon = now < device.nextPoll
        device.polls += 1
        device.nextPoll = now + configuration.signIn.pollInterval.inNanoseconds * 9 / 10
        if case .approvesAfter(let polls) = configuration.signIn.person, device.polls > polls {
            device.answer = .approved
        }
        if configuration.signIn.person == .approves { device.answer = .approved }
        if configuration.signIn.person == .declines { device.answer = .declined }
        devices[code] = device
        switch device.answer {
        case .declined:
            devices[code] = nil
            return deviceError("authorization_declined", "The person declined.")
        case .none:
            return isTooSoon
                ? deviceError("slow_down", "The poll came too soon.")
                : deviceError("authorization_pending", "The person has not signed in yet.")
        case .approved:
            devices[code] = nil
            let signIn = SignIn(
                account: device.account,
                wantsRefreshToken: device.scope.split(separator: " ").contains("offline_access"),
                methods: methods,
                scope: device.scope
            )
            return success(signIn, form: form, version: .v2, at: now)
        }
    }

    private mutating func deviceError(_ error: String, _ description: String) -> ServiceReply {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("error", error)
            writer.member("error_description", description)
        }
        return tokenJSON(writer.bytes, status: 400)
    }

    /// The page on which a person enters a device code.
    mutating func devicePage(to request: ServiceRequest) -> ServiceReply {
        let fields = FormFields(request.query)
        guard let entered = fields?["user_code"] else {
            return Self.page(
                "Enter code",
                """
                <form action="/devicecode"><input name="user_code" aria-label="Code">
                <button name="answer" value="approve">Accept</button>
                <button name="answer" value="decline">Cancel</button></form>
                """
            )
        }
        let code = devices.first { $0.value.userCode == entered.uppercased() && now < $0.value.expires }?.key
        guard let code else {
            return Self.page("Enter code", "<p>The code is not known or has expired.</p>", status: 404)
        }
        devices[code]?.answer = fields?["answer"] == "decline" ? .declined : .approved
        return Self.page("Signed in", "<p>You can close this page.</p>")
    }
}
