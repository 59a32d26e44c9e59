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
    }

    /// What went wrong.
    public var kind: Kind
    /// What was being done, such as `write to`.
    public var action: String
    /// The path or location it was done to. Holds no secret.
    public var path: String
    /// The system's error number, where the system reported it.
    public var systemError: Int32?

    init(_ kind: Kind, action: String, path: String, systemError: Int32? = nil) {
        self.kind = kind
        self.action = action
        self.path = path
        self.systemError = systemError
    }

    /// Whether the same can succeed later without a change of the configuration.
    public var isTransient: Bool {
        switch kind {
        case .noSpace, .quotaExceeded, .tooManyOpenFiles, .vanished, .ioFailure: true
        case .readOnly, .accessDenied, .notADirectory, .nameTaken, .nameTooLong, .fileTooLarge, .unsupportedLocation,
            .invalidLocation, .invalidTemplate, .uploadEnded:
            false
        }
    }

    /// What to do about it.
    public var remedy: String {
        switch kind {
        case .noSpace: "Free space on the file system, or let FILES_LOCATION name a larger one."
        case .quotaExceeded: "Raise the quota of the worker's user, or remove old exports."
        case .readOnly: "Mount the file system for writing, or let FILES_LOCATION name another one."
        case .accessDenied: "Give the worker's user the right to write and search there."
        case .notADirectory: "Move the file that stands in the way, or let FILES_LOCATION name another directory."
        case .nameTaken: "Move the directory that has the file's name."
        case .nameTooLong: "Let FILES_LOCATION name a shorter path."
        case .fileTooLarge: "Raise the file size limit of the process, or use another file system."
        case .tooManyOpenFiles: "Raise the limit of open files (ulimit -n)."
        case .vanished: "Let nothing else remove directories below FILES_LOCATION."
        case .ioFailure: "Look at the kernel's log for the device or the network file system."
        case .unsupportedLocation: "Use file:///path, or leave FILES_LOCATION empty to hand the service's URL on."
        case .invalidLocation: "Write the location as file:///absolute/path, percent-encoded."
        case .invalidTemplate: "Use \(FileKeyTemplate.defaultText), or parts of it with {jobId} among them."
        case .uploadEnded: "Begin a new upload, or restart this one after an error."
        }
    }
}

extension FileStoreError: CustomStringConvertible {
    /// What happened, to what, and what to do about it.
    public var description: String {
        let number = systemError.map { " (errno \($0))" } ?? ""
        return "cannot \(action) \(path): \(what)\(number). \(remedy)"
    }

    private var what: String {
        switch kind {
        case .noSpace: "no space is left on the device"
        case .quotaExceeded: "the disk quota is exceeded"
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
        }
    }
}
