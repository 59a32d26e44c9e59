import FileStores
import WorkerExports
import WorkerTelemetry

extension Remedies: DeliveryTexts {
    func sentence(for error: FileStoreError) -> String { "\(error) \(error.kind.remedy)" }

    func sentence(for file: UnsuitableFile) -> String {
        let command = "payout-worker export download --kind \(file.kind) \(file.requestID ?? "REQUEST_ID")"
        return
            "The file is neither delimited text nor a ZIP or gzip archive: it begins with the bytes \(file.signature). It was not stored, and the export is kept at the service. '\(command)' downloads it unchanged; if it is right, load it by hand."
    }
}

extension FileStoreError.Kind {
    /// What an operator can do about it.
    var remedy: String {
        switch self {
        case .noSpace: "Free space on the file system, or set FILES_LOCATION to a larger one."
        case .quotaExceeded: "Raise the quota, or remove old exports."
        case .readOnly: "Mount the file system for writing, or set FILES_LOCATION to another one."
        case .accessDenied: "Grant the worker's user the permission to write to and search the directory."
        case .notADirectory: "Move the file that blocks the path, or set FILES_LOCATION to another directory."
        case .nameTaken: "Move the directory that has the file's name."
        case .nameTooLong: "Set FILES_LOCATION to a shorter path."
        case .fileTooLarge: "Raise the limit on the size of files, or use another store."
        case .tooManyOpenFiles: "Raise the limit of open files (ulimit -n)."
        case .vanished: "Stop other programs from removing directories below FILES_LOCATION."
        case .unmounted: "Mount it again; the worker then continues automatically."
        case .ioFailure: "Check the kernel's log for the device or the network file system."
        case .unsupportedLocation:
            "Use file:///path, s3://bucket/prefix or azblob://account/container/prefix; leave FILES_LOCATION empty to pass the service's URL through."
        case .invalidLocation:
            "Write file:///absolute/path, percent-encoded, s3://bucket/prefix or azblob://account/container/prefix, and FILES_S3_ENDPOINT, FILES_AZURE_ENDPOINT and AWS_ENDPOINT_URL… as https://host."
        case .invalidTemplate:
            "Use \(FileKeyTemplate.defaultText), or other parts with {jobId} among them: letters, digits, . _ : = @ , - and \(FileKeyPlaceholder.table.map { "{\($0.name)}" }.joined(separator: " "))."
        case .uploadEnded: "Begin a new upload, or restart this one after an error."
        case .unavailable:
            "Check that the store is running and reachable from this machine; the worker retries automatically."
        case .throttled: "Lower WORKER_MAX_CONCURRENT_DOWNLOADS; the worker retries automatically."
        case .noCredentials:
            "Configure credentials, for Azure FILES_AZURE_SAS_TOKEN, or FILES_AZURE_TENANT_ID, …_CLIENT_ID and …_CLIENT_SECRET. The guide 'Store files' lists where the worker looks for those of S3."
        case .credentialsRefused:
            "Configure credentials that are valid and not expired; the worker retries automatically."
        case .forbidden: "Grant the permissions that the guide 'Store files' lists, or use other credentials."
        case .bucketMissing: "Create it, or correct FILES_LOCATION."
        case .objectMissing: "Find out which program removes files from the store."
        case .wrongRegion: "Set FILES_S3_REGION to the bucket's region."
        case .clockSkew: "Correct this machine's clock."
        case .checksumMismatch:
            "Check the network between this machine and the store; the worker retries automatically."
        case .uploadLost: "No action is needed: the worker downloads and stores the file again."
        case .refused: "Look up the store's error code, then correct the FILES_… settings or the bucket's policy."
        case .cancelled: "No action is needed: the worker is stopping."
        }
    }
}
