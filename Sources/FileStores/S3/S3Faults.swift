import HTTPAccess
import NIOHTTP1
import Primitives

/// An error response of S3, classified for `S3Backend`: its code decides whether to retry.
struct S3Fault {
    let status: Int
    /// The error's code, such as `NoSuchBucket`; `nil` where the body has none.
    let code: String?
    private let requestID: String?
    private let region: String?

    /// - Returns: `nil` for a success. With `mayFailLate` a 200 may hold an error: S3 sends the status before it is done.
    init?(_ answer: HTTPAnswer, mayFailLate: Bool = false) {
        let body = answer.isSuccess && !mayFailLate ? "" : answer.text
        if answer.isSuccess, !body.contains("<Error>") { return nil }
        status = answer.status
        code = ResponseWord.code(xmlText("Code", in: body))
        requestID = ResponseWord.requestID(
            answer.headers.first(name: "x-amz-request-id") ?? xmlText("RequestId", in: body)
        )
        region = ResponseWord.region(
            answer.headers.first(name: "x-amz-bucket-region") ?? xmlText("Region", in: body)
        )
    }

    /// The error, and whether the request is retried.
    func callFault(_ action: String, _ path: String) -> CallFault {
        CallFault(FileStoreError(kind, action: action, path: path, detail: detail))
    }

    private var detail: String {
        var details = [code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"]
        if kind == .wrongRegion, let region { details.append("the region is \(region)") }
        if let requestID { details.append("request \(requestID)") }
        return details.joined(separator: ", ")
    }

    private var kind: FileStoreError.Kind {
        switch code {
        case "NoSuchBucket": .bucketMissing
        case "NoSuchUpload": .uploadLost
        case "NoSuchKey": .objectMissing
        case "InvalidPart", "InvalidPartOrder": .uploadLost
        case "AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "InvalidObjectState": .forbidden
        case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
            "InvalidSecurity", "AuthFailure":
            .credentialsRefused
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
            "TemporaryRedirect":
            .wrongRegion
        case "RequestTimeTooSkewed", "RequestExpired": .clockSkew
        case "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody":
            .checksumMismatch
        case "SlowDown", "TooManyRequests", "ThrottlingException", "RequestLimitExceeded", "Throttling": .throttled
        case "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted", "ServerBusy": .unavailable
        case "QuotaExceeded", "XMinioAdminBucketQuotaExceeded": .quotaExceeded
        case "XMinioStorageFull", "StorageFull": .noSpace
        case "EntityTooLarge": .fileTooLarge
        case "KeyTooLongError", "KeyTooLong": .nameTooLong
        default:
            switch status {
            case 301, 307, 308: .wrongRegion
            case 200..<300: .unavailable
            default: FileStoreError.Kind(status: status)
            }
        }
    }
}
