import HTTPAccess
import NIOHTTP1
import Primitives

/// An error response of Azure Blob Storage, classified for `AzureBackend`: its code decides whether to retry.
struct AzureFault {
    let status: Int
    /// The error's code, such as `ContainerNotFound`.
    let code: String?
    private let requestID: String?

    /// - Returns: `nil` for a success.
    init?(_ answer: HTTPAnswer) {
        guard !answer.isSuccess else { return nil }
        status = answer.status
        code = ResponseWord.code(
            answer.headers.first(name: "x-ms-error-code")
                ?? xmlText("Code", in: answer.text)
        )
        requestID = ResponseWord.requestID(answer.headers.first(name: "x-ms-request-id"))
    }

    /// The error, and whether the request is retried.
    func callFault(_ action: String, _ path: String) -> CallFault {
        var details = [code.map { "\($0), HTTP \(status)" } ?? "HTTP \(status)"]
        if let requestID { details.append("request \(requestID)") }
        let error = FileStoreError(kind, action: action, path: path, detail: details.joined(separator: ", "))
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
        // Another upload of the same file was committed, which removed the blocks of this one.
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
