import NIOHTTP1

/// What Azure Blob Storage says is wrong.
struct AzureFault {
    let status: Int
    /// The error's code, such as `ContainerNotFound`.
    let code: String?
    private let requestID: String?

    /// - Returns: `nil` for a success.
    init?(_ answer: WireAnswer) {
        guard !answer.isSuccess else { return nil }
        status = answer.status
        code = harmless(
            answer.headers.first(name: "x-ms-error-code")
                ?? xmlText("Code", in: String(decoding: answer.body, as: UTF8.self))
        )
        requestID = harmless(answer.headers.first(name: "x-ms-request-id"))
    }

    /// What it means for the request.
    func verdict(_ action: String, _ path: String) -> CallFault {
        var words = [code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"]
        if let requestID { words.append("request \(requestID)") }
        let error = FileStoreError(kind, action: action, path: path, detail: words.joined(separator: ", "))
        switch kind {
        case .unavailable, .throttled, .checksumMismatch: return .again(error)
        case .credentialsRefused: return .renewCredentials(error)
        default: return .final(error)
        }
    }

    private var kind: FileStoreError.Kind {
        switch code {
        case "ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled": .bucketMissing
        case "BlobNotFound": .objectMissing
        case "AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation": .credentialsRefused
        case "AuthorizationFailure", "AuthorizationPermissionMismatch", "AuthorizationProtocolMismatch",
            "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "AuthorizationSourceIPMismatch",
            "InsufficientAccountPermissions", "AccountIsDisabled":
            .forbidden
        case "Md5Mismatch": .checksumMismatch
        // Another upload of the same file has ended, and with it the blocks of this one have gone.
        case "InvalidBlockList", "InvalidBlockId", "InvalidBlobOrBlock": .uploadLost
        case "RequestBodyTooLarge", "BlockCountExceedsLimit": .fileTooLarge
        case "ServerBusy", "TooManyRequests": .throttled
        case "InternalError", "OperationTimedOut": .unavailable
        default: kindOfStatus
        }
    }

    private var kindOfStatus: FileStoreError.Kind {
        switch status {
        case 401: .credentialsRefused
        case 403: .forbidden
        case 408, 500, 502, 503, 504: .unavailable
        case 413: .fileTooLarge
        case 429: .throttled
        case 507: .noSpace
        default: .refused
        }
    }
}
