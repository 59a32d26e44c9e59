/// Chooses a store by the scheme of its location.
public enum FileStoreFactory {
    /// Makes the store of a location. Nothing is opened, sent or created before it is used.
    ///
    /// - Parameters:
    ///   - location: `file:///absolute/path`, `s3://bucket/prefix`, `azblob://account/container/prefix`; empty for none.
    ///   - threads: How many uploads may block on a disk at the same time, each on a thread of its own.
    ///   - s3: What else an S3 store needs to know.
    ///   - azure: What else a store in Azure needs to know.
    /// - Returns: The store; `nil` when the location is empty.
    public static func make(
        location: String,
        threads: Int = 4,
        s3: S3Configuration = S3Configuration(),
        azure: AzureBlobConfiguration = AzureBlobConfiguration()
    ) throws(FileStoreError) -> (any FileStore)? {
        guard !location.isEmpty else { return nil }
        guard let colon = location.firstIndex(of: ":") else {
            throw FileStoreError(.invalidLocation, action: "use", path: "FILES_LOCATION")
        }
        let scheme = location[..<colon].lowercased()
        switch scheme {
        case "file":
            return LocalFileStore(root: try localPath(location[location.index(after: colon)...]), threads: threads)
        case "s3":
            return try S3FileStore(location: location, configuration: s3)
        case "azblob":
            return try AzureBlobFileStore(location: location, configuration: azure)
        default:
            // The text may be anything, a URL with a secret in it included, so it is not repeated.
            throw FileStoreError(.unsupportedLocation, action: "use", path: "FILES_LOCATION")
        }
    }

    /// The path of a file URL after its scheme.
    static func localPath(_ rest: Substring) throws(FileStoreError) -> String {
        let invalid = FileStoreError(.invalidLocation, action: "use", path: "file:\(rest)")
        guard rest.hasPrefix("//") else { throw invalid }
        let afterSlashes = rest.dropFirst(2)
        guard let slash = afterSlashes.firstIndex(of: "/") else { throw invalid }
        let host = afterSlashes[..<slash]
        guard host.isEmpty || host.lowercased() == "localhost",
            !afterSlashes.contains(where: { $0 == "?" || $0 == "#" }),
            let path = percentDecoded(afterSlashes[slash...])
        else { throw invalid }
        let components = path.split(separator: "/").filter { $0 != "." }
        guard !components.isEmpty, !components.contains(".."), !path.utf8.contains(0) else { throw invalid }
        return "/" + components.joined(separator: "/")
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.first != UInt8(ascii: "+")
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
