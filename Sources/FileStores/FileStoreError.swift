/// A failed operation on a file store. Its kind says whether a repetition can help.
public struct FileStoreError: Error, Hashable, Sendable {
    /// What went wrong. More cases may be added.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// The disk is full.
        case noSpace
        /// The user's quota is used up.
        case quotaExceeded
        /// The file system is mounted read-only.
        case readOnly
        /// The worker's user may not write there.
        case accessDenied
        /// A part of the path is a file, not a directory.
        case notADirectory
        /// A directory has the file's name.
        case nameTaken
        /// The path or a part of it is too long.
        case nameTooLong
        /// The file is larger than the file system or the process limit allows.
        case fileTooLarge
        /// The process or the system has no file descriptors left.
        case tooManyOpenFiles
        /// The directory was removed while it was in use.
        case vanished
        /// The store's file system is not mounted any more.
        case unmounted
        /// The device or the network file system failed.
        case ioFailure
        /// The location's scheme is not supported by this build.
        case unsupportedLocation
        /// The location is not the address of a store.
        case invalidLocation
        /// The template for keys cannot be used.
        case invalidTemplate
        /// The upload was used after it had ended or failed.
        case uploadEnded
        /// An object store is unreachable, does not respond, or reports an internal error.
        case unavailable
        /// An object store throttles requests.
        case throttled
        /// There are no credentials for an object store.
        case noCredentials
        /// An object store or an identity service refuses the credentials.
        case credentialsRefused
        /// The credentials are valid and lack a permission.
        case forbidden
        /// The bucket or container does not exist.
        case bucketMissing
        /// There is no such file in the store.
        case objectMissing
        /// The bucket lies in another region.
        case wrongRegion
        /// This machine's clock is wrong.
        case clockSkew
        /// The store received other bytes than were sent.
        case checksumMismatch
        /// The store does not know the upload any more, or another upload of the same file ended it.
        case uploadLost
        /// An object store refuses the request for a reason of its own.
        case refused
        /// The task was cancelled.
        case cancelled
    }

    /// What went wrong.
    public var kind: Kind
    /// The operation that failed, as a verb phrase such as `write to`.
    public var action: String
    /// The path or location that the operation concerned. Holds no secret.
    public var path: String
    /// The system's error number, where the system reported the error.
    public var systemError: Int32?
    /// Details that the store reported: its code, the HTTP status, the request's id. Holds no secret.
    public var detail: String?

    init(_ kind: Kind, action: String, path: String, systemError: Int32? = nil, detail: String? = nil) {
        self.kind = kind
        self.action = action
        self.path = path
        self.systemError = systemError
        self.detail = detail
    }

    /// Whether it concerns every file that is stored at present, not only this one.
    public var concernsStore: Bool {
        switch kind {
        case .noSpace, .quotaExceeded, .readOnly, .tooManyOpenFiles, .unmounted, .ioFailure, .unavailable, .throttled,
            .noCredentials, .credentialsRefused, .forbidden, .bucketMissing, .wrongRegion, .clockSkew:
            true
        case .accessDenied, .notADirectory, .nameTaken, .nameTooLong, .fileTooLarge, .vanished, .unsupportedLocation,
            .invalidLocation, .invalidTemplate, .uploadEnded, .objectMissing, .checksumMismatch, .uploadLost, .refused,
            .cancelled:
            false
        }
    }

    /// Whether the store refuses this file for its key, and may accept files with other keys: a policy or a directory's
    /// permissions can be about a part of the store.
    public var mayConcernKey: Bool {
        switch kind {
        case .accessDenied, .forbidden, .notADirectory, .nameTaken, .nameTooLong, .refused: true
        default: false
        }
    }
}

extension FileStoreError: CustomStringConvertible {
    /// What failed, to what, and why.
    public var description: String {
        let number = systemError.map { " (errno \($0))" } ?? ""
        let details = detail.map { " (\($0))" } ?? ""
        return "Failed to \(action) \(path): \(cause)\(number)\(details)."
    }

    private var cause: String {
        switch kind {
        case .noSpace: "no space is left on the device"
        case .quotaExceeded: "the quota is exceeded"
        case .readOnly: "the file system is read-only"
        case .accessDenied: "permission denied"
        case .notADirectory: "a part of the path is not a directory"
        case .nameTaken: "a directory has this name"
        case .nameTooLong: "the name is too long"
        case .fileTooLarge: "the file is too large"
        case .tooManyOpenFiles: "too many files are open"
        case .vanished: "the directory was removed"
        case .unmounted: "its file system is not mounted any more"
        case .ioFailure: "the device or file system failed"
        case .unsupportedLocation: "this build does not support the scheme"
        case .invalidLocation: "it is not a valid address of a file store"
        case .invalidTemplate: "it is not a valid template for keys"
        case .uploadEnded: "the upload has already ended or failed"
        case .unavailable: "the store is unavailable"
        case .throttled: "the store throttles requests"
        case .noCredentials: "there are no usable credentials"
        case .credentialsRefused: "the credentials were refused"
        case .forbidden: "the credentials lack a permission"
        case .bucketMissing: "the bucket or container does not exist"
        case .objectMissing: "the file does not exist"
        case .wrongRegion: "the bucket is in another region"
        case .clockSkew: "this machine's clock differs too much from the store's"
        case .checksumMismatch: "the store received other bytes than were sent"
        case .uploadLost: "the store does not know the upload any more"
        case .refused: "the store refused the request"
        case .cancelled: "the operation was cancelled"
        }
    }
}
