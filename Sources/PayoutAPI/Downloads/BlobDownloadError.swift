/// A file that could not be fetched.
public struct BlobDownloadError: Error, Sendable, Hashable {
    /// What went wrong. More may be added.
    public enum Reason: Sendable, Hashable {
        /// The URL's signature has expired: ask the API for the export again.
        case expired
        /// The URL leads, or redirects, where files must not be fetched from; the text says why.
        case refusedURL(String)
        /// There is no such file, or no longer.
        case notFound
        /// The signature does not allow it.
        case forbidden
        /// The server blames the request; the status says how.
        case rejected
        /// The server is out of order for the moment.
        case unavailable
        /// The connection failed or broke.
        case transport(TransportFailure)
        /// No byte came for too long.
        case stalled
        /// Length or checksum do not fit what was announced; the text says which.
        case corrupted(String)
        /// The server's answer makes no sense; the text says why.
        case protocolViolation(String)
    }

    /// What went wrong.
    public let reason: Reason
    /// Where the file is, without the URL's query.
    public let location: String
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// The storage's own error code.
    public let serviceCode: String?
    /// How long the server asks to wait.
    public let retryAfter: Duration?
    /// The storage's `x-ms-request-id`.
    public let requestID: String?

    init(
        reason: Reason,
        url: SASURL,
        httpStatus: Int? = nil,
        serviceCode: String? = nil,
        retryAfter: Duration? = nil,
        requestID: String? = nil
    ) {
        self.reason = reason
        self.location = Redaction.bounded(url.description)
        self.httpStatus = httpStatus
        self.serviceCode = serviceCode
        self.retryAfter = retryAfter
        self.requestID = requestID
    }

    /// What to do about it.
    public var recovery: Recovery {
        switch self.reason {
        case .expired, .unavailable, .stalled, .corrupted, .protocolViolation: .retryable
        case .transport(let failure): failure == .unsendable ? .permanentForJob : .retryable
        case .refusedURL, .notFound, .forbidden, .rejected: .permanentForJob
        }
    }

    /// A short, stable name of the reason, for metrics and logs.
    public var code: String {
        switch self.reason {
        case .expired: "expired"
        case .refusedURL: "refusedURL"
        case .notFound: "notFound"
        case .forbidden: "forbidden"
        case .rejected: "rejected"
        case .unavailable: "unavailable"
        case .transport(let failure): "transport.\(failure.rawValue)"
        case .stalled: "stalled"
        case .corrupted: "corrupted"
        case .protocolViolation: "protocolViolation"
        }
    }
}

extension BlobDownloadError: CustomStringConvertible {
    /// What happened, to what, and what to do. Holds no secrets.
    public var description: String {
        var text = "Could not download \(self.location): \(self.cause)"
        if let httpStatus { text += " (HTTP \(httpStatus)" + (self.serviceCode.map { " \($0)" } ?? "") + ")" }
        text += ". \(self.remedy)"
        if let requestID { text += " [x-ms-request-id=\(requestID)]" }
        return text
    }

    private var cause: String {
        switch self.reason {
        case .expired: "the URL's signature has expired"
        case .refusedURL(let why): "files are not fetched from there, \(why)"
        case .notFound: "there is no such file"
        case .forbidden: "the URL's signature does not allow it"
        case .rejected: "the storage rejected the request"
        case .unavailable: "the storage is not available"
        case .transport(let failure): "the connection failed (\(failure.rawValue))"
        case .stalled: "no byte came for too long"
        case .corrupted(let what): what
        case .protocolViolation(let what): what
        }
    }

    private var remedy: String {
        switch self.reason {
        case .expired: "Ask the API for the export again: that yields a fresh URL."
        case .refusedURL: "If the host is right, add it to the allowed hosts."
        case .notFound: "The export may have been deleted; create a new one."
        case .forbidden, .rejected: "Ask the API for the export again; if it stays so, create a new one."
        case .transport(.unsendable): "Ask the API for the export again: its URL is malformed."
        case .unavailable, .transport, .stalled, .corrupted, .protocolViolation: "Try again later."
        }
    }
}
