import FileStores
import HTTPAccess
import Primitives

/// The location of the files and the settings of the file store.
struct FilesConfiguration: Sendable {
    /// Empty if the service's own URLs are passed through.
    var location = ""
    var template = FileKeyTemplate.standard
    /// The mode of files in a `file://` store.
    var mode = FileMode.standard
    var s3 = S3Configuration()
    var azure = AzureBlobConfiguration()
    /// How the servers of a store are reached.
    var network = NetworkSettings()

    /// No store.
    init() {}

    init(_ reader: inout SettingReader, _ network: NetworkSettings) {
        self.network = network
        location = reader.text("FILES_LOCATION")
        do throws(FileStoreError) {
            template = try FileKeyTemplate(reader.text("FILES_KEY_TEMPLATE"))
        } catch {
            reader.problems.append("FILES_KEY_TEMPLATE: \(Remedies().sentence(for: error))")
        }
        if let mode = FileMode(reader.text("FILES_MODE")) {
            self.mode = mode
        } else {
            reader.problems.append(
                "FILES_MODE must be an octal mode such as 0640, readable and writable by the owner, without execute permission."
            )
        }
        readS3(&reader)
        readAzure(&reader)
        do throws(FileStoreError) {
            _ = try makeStore()
        } catch {
            // A path holds no secret, and its URL is a certain guess.
            let isPath = location.hasPrefix("/") && !location.hasPrefix("//")
            reader.problems.append(
                isPath
                    ? "FILES_LOCATION: '\(location)' is a path. Write it as a URL: file://\(location)"
                    : "FILES_LOCATION: \(Remedies().sentence(for: error))"
            )
        }
    }

    /// The store; `nil` if none is configured. Creating it sends nothing.
    func makeStore(threads: Int = 4) throws(FileStoreError) -> (any FileStore)? {
        try FileStoreFactory.make(
            location: location,
            threads: threads,
            mode: mode,
            s3: s3,
            azure: azure,
            network: network
        )
    }

    private mutating func readS3(_ reader: inout SettingReader) {
        s3.environment = reader.settings.awsEnvironment
        s3.endpoint = reader.given("FILES_S3_ENDPOINT")
        s3.region = reader.given("FILES_S3_REGION")
        if reader.given("FILES_S3_PATH_STYLE") != nil { s3.pathStyle = reader.boolean("FILES_S3_PATH_STYLE") }
        s3.storageClass = reader.given("FILES_S3_STORAGE_CLASS")
        s3.kmsKeyID = reader.given("FILES_S3_KMS_KEY_ID")
        if let text = reader.given("FILES_S3_SERVER_SIDE_ENCRYPTION") {
            s3.encryption = .init(rawValue: text)
            if s3.encryption == nil {
                reader.problems.append(
                    "FILES_S3_SERVER_SIDE_ENCRYPTION must be \(Self.list(S3Configuration.Encryption.allCases))."
                )
            }
        }
        if s3.kmsKeyID != nil, s3.encryption == nil || s3.encryption == .s3 {
            reader.problems.append(
                "FILES_S3_KMS_KEY_ID requires FILES_S3_SERVER_SIDE_ENCRYPTION to be aws:kms or aws:kms:dsse."
            )
        }
        if let checksum = S3Configuration.Checksum(rawValue: reader.text("FILES_S3_CHECKSUM")) {
            s3.checksum = checksum
        } else {
            reader.problems.append("FILES_S3_CHECKSUM must be \(Self.list(S3Configuration.Checksum.allCases)).")
        }
    }

    private mutating func readAzure(_ reader: inout SettingReader) {
        azure.endpoint = reader.given("FILES_AZURE_ENDPOINT")
        azure.authority = reader.text("FILES_AZURE_AUTHORITY")
        azure.tenantID = reader.given("FILES_AZURE_TENANT_ID")
        azure.clientID = reader.given("FILES_AZURE_CLIENT_ID")
        azure.clientSecret = Self.secret(&reader, "FILES_AZURE_CLIENT_SECRET")
        azure.sasToken = Self.secret(&reader, "FILES_AZURE_SAS_TOKEN")
    }

    private static func secret(_ reader: inout SettingReader, _ name: String) -> Secret? {
        guard let value = reader.value(name), !value.text.isEmpty else { return nil }
        return value.path.map { .file($0) } ?? Secret(value.text)
    }

    private static func list<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
        let names = values.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}
