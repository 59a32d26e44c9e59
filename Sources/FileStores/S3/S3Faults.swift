import NIOHTTP1

/// What S3 says is wrong.
struct S3Fault {
    let status: Int
    /// The error's code, such as `NoSuchBucket`; `nil` where the body has none.
    let code: String?
    private let requestID: String?
    private let region: String?

    /// - Returns: `nil` for a success. A 200 may hold an error all the same: S3 answers before it is done.
    init?(_ answer: WireAnswer, mayFailLate: Bool = false) {
        let body = answer.isSuccess && !mayFailLate ? "" : String(decoding: answer.body, as: UTF8.self)
        if answer.isSuccess, !body.contains("<Error>") { return nil }
        status = answer.status
        code = harmless(xmlText("Code", in: body))
        requestID = harmless(answer.headers.first(name: "x-amz-request-id") ?? xmlText("RequestId", in: body))
        region = harmless(answer.headers.first(name: "x-amz-bucket-region") ?? xmlText("Region", in: body))
    }

    /// What it means for the request.
    func verdict(_ action: String, _ path: String) -> CallFault {
        let error = FileStoreError(kind, action: action, path: path, detail: detail)
        switch kind {
        case .unavailable, .throttled, .checksumMismatch: return .again(error)
        case .credentialsRefused: return .renewCredentials(error)
        default: return .final(error)
        }
    }

    private var detail: String {
        var words = [code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"]
        if kind == .wrongRegion, let region { words.append("it is \(region)") }
        if let requestID { words.append("request \(requestID)") }
        return words.joined(separator: ", ")
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
        default: kindOfStatus
        }
    }

    private var kindOfStatus: FileStoreError.Kind {
        switch status {
        case 301, 307, 308: .wrongRegion
        case 401: .credentialsRefused
        case 403: .forbidden
        case 408, 500, 502, 503, 504: .unavailable
        case 413: .fileTooLarge
        case 429: .throttled
        case 507: .noSpace
        case 200..<300: .unavailable
        default: .refused
        }
    }
}
