public import HTTPAccess
import Primitives

/// The error of a failed download, thrown by ``BlobDownloader``.
public struct BlobDownloadError: Error, Sendable, Hashable {
    /// Why the download failed. More cases may be added.
    public enum Reason: Sendable, Hashable {
        /// The URL's signature has expired: get the export from the API again.
        case expired
        /// The URL, or a redirect, leads to a host that is not allowed; the text is the cause.
        case refusedURL(String)
        /// The file does not exist, or not any more.
        case notFound
        /// The signature does not permit the download.
        case forbidden
        /// The server reports an invalid request; see the status.
        case rejected
        /// The server is temporarily unavailable.
        case unavailable
        /// The connection failed.
        case transport(TransportFailure)
        /// No byte arrived within the time-out.
        case stalled
        /// Bytes arrived below the minimum rate.
        case tooSlow
        /// The content is not an export but a page or a document; the text is the cause.
        case wrongContent(String)
        /// The answer announces neither its length nor a checksum, so a lost connection could not be detected.
        case unframed
        /// Length or checksum differ from what was announced; the text is the cause.
        case corrupted(String)
        /// The server's answer is invalid; the text is the cause.
        case protocolViolation(String)
    }

    /// Why the download failed.
    public let reason: Reason
    /// The file's URL without its query.
    public let location: String
    /// The answer's status; nil where there was no answer.
    public let httpStatus: Int?
    /// The storage's error code.
    public let serviceCode: String?
    /// The wait that the server asks for.
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
        location = Redaction.bounded(url.withoutQuery)
        self.httpStatus = httpStatus
        self.serviceCode = serviceCode
        self.retryAfter = retryAfter
        self.requestID = requestID
    }

    /// The error for a file whose host is not allowed.
    ///
    /// - Parameters:
    ///   - url: The file's URL.
    ///   - objection: The result of ``BlobHostRules/objection(to:)``.
    public init(refusing url: SASURL, because objection: String) {
        self.init(reason: .refusedURL(objection), url: url)
    }

    /// Whether the answer was complete and its content is not a valid file. Another answer may be valid.
    public var concernsContent: Bool {
        switch self.reason {
        case .wrongContent, .unframed, .corrupted: true
        default: false
        }
    }

    /// How the caller handles the error.
    public var recovery: Recovery {
        switch self.reason {
        case .expired, .unavailable, .stalled, .tooSlow, .wrongContent, .unframed, .corrupted, .protocolViolation:
            .retryable
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
        case .tooSlow: "tooSlow"
        case .wrongContent: "wrongContent"
        case .unframed: "unframed"
        case .corrupted: "corrupted"
        case .protocolViolation: "protocolViolation"
        }
    }
}

extension BlobDownloadError: CustomStringConvertible {
    /// What failed, for which file, why, and what to do. Holds no secrets.
    public var description: String {
        // A refused URL may be internal, so it is not repeated.
        var text = "Failed to download "
        if case .refusedURL = self.reason { text += "the file" } else { text += location }
        text += ": \(self.cause)"
        if let httpStatus { text += " (HTTP \(httpStatus)" + (self.serviceCode.map { " \($0)" } ?? "") + ")" }
        text += ". \(remedy)"
        if let requestID { text += " [x-ms-request-id=\(requestID)]" }
        return text
    }

    private var cause: String {
        switch self.reason {
        case .expired: "the URL's signature has expired"
        case .refusedURL(let objection): "the URL is not allowed, \(objection)"
        case .notFound: "the file does not exist"
        case .forbidden: "the URL's signature does not permit the download"
        case .rejected: "the storage rejected the request"
        case .unavailable: "the storage is unavailable"
        case .transport(let failure): "the connection failed (\(failure.rawValue))"
        case .stalled: "no byte arrived within the time-out"
        case .tooSlow: "the bytes arrived too slowly"
        case .unframed:
            "the answer announces neither its length nor a checksum, so a truncated file would not be detected"
        case .wrongContent(let cause), .corrupted(let cause), .protocolViolation(let cause): cause
        }
    }

    private var remedy: String {
        switch self.reason {
        case .expired: "Get the export from the API again: the answer has a new URL."
        case .refusedURL: "If the host is right, add it to the allowed hosts."
        case .notFound: "The export may have been deleted; create a new one."
        case .forbidden, .rejected: "Get the export from the API again; if the error persists, create a new export."
        case .transport(.unsendable): "Get the export from the API again: its URL is malformed."
        case .wrongContent, .unframed:
            "Check whether a proxy or a sign-in page answers in place of the storage, and try again."
        case .unavailable, .transport, .stalled, .tooSlow, .corrupted, .protocolViolation: "Try again later."
        }
    }
}
