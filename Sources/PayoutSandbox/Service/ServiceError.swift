import HTTPTypes

/// A refusal by the export API, and the forms in which it is written.
struct ServiceError: Error {
    var status: Int
    var code: String
    var message: String
    var target: String?

    init(_ status: Int, _ code: String, _ message: String, target: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.target = target
    }

    static func invalidRequest(_ message: String, target: String? = nil) -> Self {
        Self(400, "invalidRequest", message, target: target)
    }

    static let unauthenticated = Self(401, "unauthenticated", "The request carries no valid bearer token.")
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
        var bytes: [UInt8] = []
        switch form {
        case .empty:
            return ServiceReply(status: status)
        case .html:
            bytes.appendText("<html><head><title>\(status)</title></head><body><h2>Our services aren't available")
            bytes.appendText(" right now</h2><p>Error \(status)</p></body></html>\r\n")
            var reply = ServiceReply(status: status)
            reply.fields[.contentType] = "text/html"
            reply.body = .bytes(bytes)
            return reply
        case .flat:
            bytes.appendText("{\"code\":")
            bytes.appendJSONString(code)
            bytes.appendText(",\"description\":")
            bytes.appendJSONString(message)
            bytes.appendText(",\"data\":[],\"source\":\"PayoutService\"}")
        case .nested:
            bytes.appendText("{\"error\":{\"code\":")
            bytes.appendJSONString(code)
            bytes.appendText(",\"message\":")
            bytes.appendJSONString(message)
            if let target {
                bytes.appendText(",\"target\":")
                bytes.appendJSONString(target)
            }
            bytes.appendText(",\"innerError\":{\"code\":")
            bytes.appendJSONString(code)
            bytes.appendText(",\"innerError\":null}}}")
        }
        var reply = ServiceReply.json(bytes, status: status)
        if status == 401 { reply.fields[.wwwAuthenticate] = "Bearer" }
        return reply
    }
}

extension PayoutSandbox.Fault.RetryAfter {
    /// The header's value at a point in time.
    func value(at now: Timestamp) -> String {
        switch self {
        case .seconds(let seconds): String(seconds)
        case .date(let seconds):
            // A date has whole seconds: round up, so that nobody is told to come too early.
            Timestamp(nanoseconds: now.nanoseconds + (Int64(seconds) + 1) * Timestamp.nanosecondsPerSecond - 1).httpDate
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
