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
        return CallFault(FileStoreError(kind, action: action, path: path, detail: details.joined(separator: ", ")))
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
        default: FileStoreError.Kind(status: status)
        }
    }
}
