/// Why a file could not be put into a store.
public struct FileStoreError: Error, Hashable, Sendable {
    /// What went wrong. More cases may be added.
    public enum Kind: Hashable, Sendable {
        /// The disk is full.
        case noSpace
        /// The user's quota is used up.
        case quotaExceeded
        /// The file system is mounted for reading only.
        case readOnly
        /// The worker's user may not write there.
        case accessDenied
        /// A part of the path is a file, not a directory.
        case notADirectory
        /// Something other than a file has the file's name.
        case nameTaken
        /// The path or a part of it is too long.
        case nameTooLong
        /// The file is larger than the file system or the process limit allows.
        case fileTooLarge
        /// The process or the system has no file descriptors left.
        case tooManyOpenFiles
        /// The directory went away while it was in use.
        case vanished
        /// The device or the network file system failed.
        case ioFailure
        /// The location's scheme is not supported by this build.
        case unsupportedLocation
        /// The location is no address of a store.
        case invalidLocation
        /// The template for keys cannot be used.
        case invalidTemplate
        /// The upload has ended or has failed, and was used nevertheless.
        case uploadEnded
        /// An object store cannot be reached, does not answer, or fails by itself.
        case unavailable
        /// An object store wants fewer requests.
        case throttled
        /// There are no credentials for an object store.
        case noCredentials
        /// An object store or an identity service refuses the credentials.
        case credentialsRefused
        /// The credentials work and lack a right.
        case forbidden
        /// The bucket or container does not exist.
        case bucketMissing
        /// There is no such file in the store.
        case objectMissing
        /// The bucket lies in another region.
        case wrongRegion
        /// This machine's clock is wrong.
        case clockSkew
        /// What arrived is not what was sent.
        case checksumMismatch
        /// The store forgot the upload, or another upload of the same file ended it.
        case uploadLost
        /// An object store refuses the request for a reason of its own.
        case refused
        /// The task was cancelled.
        case cancelled
    }

    /// What went wrong.
    public var kind: Kind
    /// What was being done, such as `write to`.
    public var action: String
    /// The path or location it was done to. Holds no secret.
    public var path: String
    /// The system's error number, where the system reported it.
    public var systemError: Int32?
    /// What the store said: its code, the HTTP status, the request's id. Holds no secret.
    public var detail: String?

    init(_ kind: Kind, action: String, path: String, systemError: Int32? = nil, detail: String? = nil) {
        self.kind = kind
        self.action = action
        self.path = path
        self.systemError = systemError
        self.detail = detail
    }

    /// Whether the same can succeed later without a change of the configuration.
    public var isTransient: Bool {
        switch kind {
        case .noSpace, .quotaExceeded, .tooManyOpenFiles, .vanished, .ioFailure, .unavailable, .throttled, .clockSkew,
            .checksumMismatch, .uploadLost, .cancelled:
            true
        case .readOnly, .accessDenied, .notADirectory, .nameTaken, .nameTooLong, .fileTooLarge, .unsupportedLocation,
            .invalidLocation, .invalidTemplate, .uploadEnded, .noCredentials, .credentialsRefused, .forbidden,
            .bucketMissing, .objectMissing, .wrongRegion, .refused:
            false
        }
    }

    /// What to do about it.
    public var remedy: String {
        switch kind {
        case .noSpace: "Free space on the file system, or let FILES_LOCATION name a larger one."
        case .quotaExceeded: "Raise the quota, or remove old exports."
        case .readOnly: "Mount the file system for writing, or let FILES_LOCATION name another one."
        case .accessDenied: "Give the worker's user the right to write and search there."
        case .notADirectory: "Move the file that stands in the way, or let FILES_LOCATION name another directory."
        case .nameTaken: "Move the directory that has the file's name."
        case .nameTooLong: "Let FILES_LOCATION name a shorter path."
        case .fileTooLarge: "Raise the limit on the size of files, or use another store."
        case .tooManyOpenFiles: "Raise the limit of open files (ulimit -n)."
        case .vanished: "Let nothing else remove directories below FILES_LOCATION."
        case .ioFailure: "Look at the kernel's log for the device or the network file system."
        case .unsupportedLocation:
            "Use file:///path, s3://bucket/prefix or azblob://account/container/prefix; leave FILES_LOCATION empty to hand the service's URL on."
        case .invalidLocation:
            "Write file:///absolute/path, percent-encoded, s3://bucket/prefix or azblob://account/container/prefix, and FILES_S3_ENDPOINT, FILES_AZURE_ENDPOINT and AWS_ENDPOINT_URL… as https://host."
        case .invalidTemplate: "Use \(FileKeyTemplate.defaultText), or parts of it with {jobId} among them."
        case .uploadEnded: "Begin a new upload, or restart this one after an error."
        case .unavailable:
            "Look whether the store is up and can be reached from here; the worker tries again by itself."
        case .throttled: "Lower WORKER_MAX_CONCURRENT_DOWNLOADS; the worker tries again by itself."
        case .noCredentials: "Give credentials: see 'File stores' in the README for where they are looked for."
        case .credentialsRefused: "Give credentials that are valid and not expired; the worker tries again by itself."
        case .forbidden: "Grant the rights that 'File stores' in the README lists, or use other credentials."
        case .bucketMissing: "Create it, or correct FILES_LOCATION."
        case .objectMissing: "Look who removes files from the store."
        case .wrongRegion: "Set FILES_S3_REGION to the bucket's region."
        case .clockSkew: "Set this machine's clock."
        case .checksumMismatch: "Look at the network between here and the store; the worker tries again by itself."
        case .uploadLost: "Nothing: the worker fetches and stores the file again."
        case .refused: "Look up the store's code; the FILES_… settings or the bucket's policy have to fit it."
        case .cancelled: "Nothing: the worker stops."
        }
    }
}

extension FileStoreError: CustomStringConvertible {
    /// What happened, to what, and what to do about it.
    public var description: String {
        let number = systemError.map { " (errno \($0))" } ?? ""
        let said = detail.map { " (\($0))" } ?? ""
        return "cannot \(action) \(path): \(what)\(number)\(said). \(remedy)"
    }

    private var what: String {
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
        case .vanished: "the directory is gone"
        case .ioFailure: "the device or file system failed"
        case .unsupportedLocation: "this build has no store for this scheme"
        case .invalidLocation: "it is no address of a file store"
        case .invalidTemplate: "it is no usable template for keys"
        case .uploadEnded: "the upload has ended or failed before"
        case .unavailable: "the store is not available"
        case .throttled: "the store wants fewer requests"
        case .noCredentials: "there are no usable credentials"
        case .credentialsRefused: "the credentials are refused"
        case .forbidden: "the credentials lack a right"
        case .bucketMissing: "there is no such bucket or container"
        case .objectMissing: "there is no such file"
        case .wrongRegion: "the bucket lies in another region"
        case .clockSkew: "this machine's clock differs too much from the store's"
        case .checksumMismatch: "what arrived is not what was sent"
        case .uploadLost: "the store knows the upload no more"
        case .refused: "the store refuses the request"
        case .cancelled: "it was cancelled"
        }
    }
}
