public import HTTPAccess
import Primitives

/// Makes the file store for a location, by its scheme. The worker and its commands use it.
public enum FileStoreFactory {
    /// Makes the store of a location. Nothing is opened, sent or created before it is used.
    ///
    /// - Parameters:
    ///   - location: `file:///absolute/path`, `s3://bucket/prefix`, `azblob://account/container/prefix`; empty for none.
    ///   - threads: How many uploads may block on a disk at the same time, each on a thread of its own.
    ///   - mode: Who may read and write files on a local disk.
    ///   - s3: The other settings of an S3 store.
    ///   - azure: The other settings of an Azure Blob store.
    ///   - network: How the servers of a store are reached.
    /// - Returns: The store; `nil` when the location is empty.
    public static func make(
        location: String,
        threads: Int = 4,
        mode: FileMode = .standard,
        s3: S3Configuration = S3Configuration(),
        azure: AzureBlobConfiguration = AzureBlobConfiguration(),
        network: NetworkSettings = NetworkSettings()
    ) throws(FileStoreError) -> (any FileStore)? {
        guard !location.isEmpty else { return nil }
        guard let colon = location.firstIndex(of: ":") else {
            throw FileStoreError(.invalidLocation, action: "use", path: "the location")
        }
        let scheme = location[..<colon].lowercased()
        switch scheme {
        case "file":
            return LocalFileStore(
                root: try localPath(location[location.index(after: colon)...]),
                threads: threads,
                mode: mode
            )
        case "s3":
            return try S3FileStore(location: location, configuration: s3, network: network)
        case "azblob":
            return try AzureBlobFileStore(location: location, configuration: azure, network: network)
        default:
            // The text may be anything, a URL with a secret in it included, so it is not repeated.
            throw FileStoreError(.unsupportedLocation, action: "use", path: "the location")
        }
    }

    /// The path of a file URL after its scheme.
    static func localPath(_ rest: Substring) throws(FileStoreError) -> String {
        let invalid = FileStoreError(.invalidLocation, action: "use", path: "file:\(rest.prefix { $0 != "?" })")
        guard rest.hasPrefix("//") else { throw invalid }
        let afterSlashes = rest.dropFirst(2)
        guard let slash = afterSlashes.firstIndex(of: "/") else { throw invalid }
        let host = afterSlashes[..<slash]
        guard host.isEmpty || host.lowercased() == "localhost",
            !afterSlashes.contains(where: { $0 == "?" || $0 == "#" }),
            let path = PercentEncoding.decoded(afterSlashes[slash...])
        else { throw invalid }
        let components = path.split(separator: "/").filter { $0 != "." }
        guard !components.isEmpty, !components.contains(".."), !path.utf8.contains(0) else { throw invalid }
        return "/" + components.joined(separator: "/")
    }
}
