public import Primitives

/// The settings of a store in Azure Blob Storage, except its location.
public struct AzureBlobConfiguration: Sendable {
    /// The account's address in place of `https://{account}.blob.core.windows.net`.
    public var endpoint: String?
    /// A shared access signature of the container, with the rights to create and write.
    public var sasToken: Secret?
    /// The directory (tenant) of an application that has the role Storage Blob Data Contributor.
    public var tenantID: String?
    /// The application's id.
    public var clientID: String?
    /// The application's secret.
    public var clientSecret: Secret?
    /// The identity provider.
    public var authority = "https://login.microsoftonline.com"

    /// Creates the defaults.
    public init() {}
}

/// The account, container, prefix and endpoint of an Azure Blob store, parsed from its location.
struct AzureBlobAddress: Sendable {
    let account: String
    let container: String
    /// Ends with a slash, or is empty.
    let prefix: String
    let endpoint: WebEndpoint

    /// `azblob://account/container/prefix`.
    var location: String { "azblob://\(account)/\(container)" + (prefix.isEmpty ? "" : "/\(prefix.dropLast())") }

    /// - Parameter rest: The location after `azblob:`.
    init(_ rest: Substring, _ configuration: AzureBlobConfiguration) throws(FileStoreError) {
        // The query may hold a signature, so it is not repeated.
        let invalid = FileStoreError(.invalidLocation, action: "use", path: "azblob:\(rest.prefix { $0 != "?" })")
        guard rest.hasPrefix("//"), !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw invalid }
        let parts = rest.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, (3...63).contains(parts[1].utf8.count) else { throw invalid }
        let names = parts.dropFirst(2).filter { !$0.isEmpty }
        func isName(_ byte: UInt8) -> Bool {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        }
        guard !parts[0].isEmpty, parts[0].utf8.allSatisfy(isName),
            parts[1].utf8.allSatisfy({ isName($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "$") }),
            !names.contains("."), !names.contains(".."), names.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } })
        else { throw invalid }
        (account, container) = (String(parts[0]), String(parts[1]))
        prefix = names.map { $0 + "/" }.joined()
        endpoint = try WebEndpoint(configuration.endpoint ?? "https://\(parts[0]).blob.core.windows.net")
    }
}
