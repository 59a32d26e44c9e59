import HTTPTypes
import Primitives

/// A refusal by the export API, and the forms in which it is written.
struct ServiceError: Error {
    var status: Int
    var code: String
    var message: String
    var target: String?
    /// The body's form, if it is not the usual one.
    var form: PayoutSandbox.MFAEnforcement.Body?

    init(
        _ status: Int,
        _ code: String,
        _ message: String,
        target: String? = nil,
        form: PayoutSandbox.MFAEnforcement.Body? = nil
    ) {
        self.form = form
        self.status = status
        self.code = code
        self.message = message
        self.target = target
    }

    static func invalidRequest(_ message: String, target: String? = nil) -> Self {
        Self(400, "invalidRequest", message, target: target)
    }

    static let unauthenticated = Self(401, "unauthenticated", "The request carries no valid bearer token.")
    /// The form of other Partner Center APIs' gateways, with `statusCode` and `message`.
    static let wrongAudience = Self(401, "401", "The access token has an incorrect audience.", form: .statusCode)

    /// The refusal of a token without multi-factor authentication.
    static func mfaRequired(_ form: PayoutSandbox.MFAEnforcement.Body) -> Self {
        Self(401, "900421", "Multi-factor authentication is required for this API.", form: form)
    }

    static let notFound = Self(404, "itemNotFound", "There is no such export.")

    /// The code that goes with a status, for faults that name only the status.
    static func code(for status: Int) -> String {
        switch status {
        case 400: "invalidRequest"
        case 401: "unauthenticated"
        case 403: "accessDenied"
        case 404: "itemNotFound"
        case 409: "resourceModified"
        case 412: "preconditionFailed"
        case 502, 503, 504: "serviceNotAvailable"
        default: "generalException"
        }
    }

    func reply(as form: PayoutSandbox.Fault.ErrorBody = .nested) -> ServiceReply {
        if let special = self.form { return reply(as: special) }
        var writer = JSONWriter(capacity: 256)
        switch form {
        case .empty:
            return ServiceReply(status: status)
        case .html:
            var reply = ServiceReply(status: status)
            reply.fields[.contentType] = "text/html"
            reply.body = .bytes(
                Array(
                    """
                    <html><head><title>\(status)</title></head><body><h2>Our services aren't available right now</h2>\
                    <p>Error \(status)</p></body></html>\r\n
                    """.utf8
                )
            )
            return reply
        case .flat:
            writer.object { writer in
                writer.member("code", code)
                writer.member("description", message)
                writer.key("data")
                writer.array { _ in }
                writer.member("source", "PayoutService")
            }
        case .nested:
            writer.object { writer in
                writer.key("error")
                writer.object { writer in
                    writer.member("code", code)
                    writer.member("message", message)
                    if let target { writer.member("target", target) }
                    writer.key("innerError")
                    writer.object { writer in
                        writer.member("code", code)
                        writer.key("innerError")
                        writer.null()
                    }
                }
            }
        }
        var reply = ServiceReply.json(writer.bytes, status: status)
        if status == 401 { reply.fields[.wwwAuthenticate] = "Bearer" }
        return reply
    }
}

extension ServiceError {
    /// The known and the assumed forms of a code.
    private func reply(as form: PayoutSandbox.MFAEnforcement.Body) -> ServiceReply {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            switch form {
            case .nested, .nestedNumber, .inner:
                writer.key("error")
                writer.object { appendMembers(form, to: &$0) }
            case .flat, .errorCode, .statusCode:
                appendMembers(form, to: &writer)
            }
        }
        var reply = ServiceReply.json(writer.bytes, status: status)
        reply.fields[.wwwAuthenticate] = "Bearer"
        return reply
    }

    private func appendMembers(_ form: PayoutSandbox.MFAEnforcement.Body, to writer: inout JSONWriter) {
        switch form {
        case .nested: writer.member("code", code)
        case .nestedNumber:
            writer.key("code")
            writer.raw(code)
        case .flat:
            writer.member("code", code)
            writer.member("source", "PayoutService")
            return writer.member("description", message)
        case .errorCode:
            writer.key("errorCode")
            writer.raw(code)
        case .statusCode:
            writer.key("statusCode")
            writer.raw(code)
        case .inner:
            writer.member("code", "unauthenticated")
            writer.key("innerError")
            writer.object { $0.member("code", code) }
        }
        writer.member("message", message)
    }
}

extension PayoutSandbox.Fault.RetryAfter {
    /// The header's value at a point in time.
    func value(at now: Timestamp) -> String {
        switch self {
        case .seconds(let seconds): String(seconds)
        case .date(let seconds):
            // A date has whole seconds: round up, so that no client repeats its call too early.
            (now + ((Int64(seconds) + 1) * Timestamp.nanosecondsPerSecond - 1)).httpDate
        }
    }

    /// The same form with another number of seconds.
    func replacingSeconds(_ seconds: Int) -> Self {
        switch self {
        case .seconds: .seconds(seconds)
        case .date: .date(secondsFromNow: seconds)
        }
    }

    var secondsFromNow: Int {
        switch self {
        case .seconds(let seconds), .date(let seconds): seconds
        }
    }
}
