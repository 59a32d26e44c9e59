/// The settings of a store in S3 or in a service with the same protocol, except its location.
public struct S3Configuration: Sendable {
    /// How the bucket encrypts objects.
    public enum Encryption: String, Sendable, CaseIterable {
        /// With keys of S3.
        case s3 = "AES256"
        /// With a key of the Key Management Service.
        case kms = "aws:kms"
        /// With two layers and a key of the Key Management Service.
        case kmsDualLayer = "aws:kms:dsse"
    }

    /// The checksum by which the store verifies a body.
    public enum Checksum: String, Sendable, CaseIterable {
        /// `x-amz-checksum-sha256`, which S3 also keeps with the object.
        case sha256
        /// `Content-MD5`, for implementations without ``sha256``.
        case md5
    }

    /// `https://host[:port]` in place of AWS's own.
    public var endpoint: String?
    /// The bucket's region; from `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile unless given.
    public var region: String?
    /// Whether the bucket is part of the path instead of the host's name. By default it is with a configured endpoint and
    /// for names with dots.
    public var pathStyle: Bool?
    /// Server-side encryption; the bucket's default unless given.
    public var encryption: Encryption?
    /// The key for ``Encryption/kms`` and ``Encryption/kmsDualLayer``; the account's own unless given.
    public var kmsKeyID: String?
    /// The storage class, such as `STANDARD_IA`; the bucket's default unless given.
    public var storageClass: String?
    /// The checksum that bodies carry.
    public var checksum: Checksum = .sha256
    /// The process's environment, of which the standard `AWS_…` variables and `HOME` are used.
    public var environment: [String: String] = [:]

    /// Creates the defaults.
    public init() {}
}

/// The bucket, prefix, region and URLs of an S3 store, derived from its location and configuration.
struct S3Address: Sendable {
    let bucket: String
    /// Ends with a slash, or is empty.
    let prefix: String
    let region: String
    /// `https://host[:port]` of requests to the bucket.
    let base: String
    /// The value of the host header.
    let host: String
    /// The part of the path before the object's name; begins and ends with a slash.
    let pathPrefix: String

    /// `s3://bucket/prefix`.
    var location: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix.dropLast())") }

    /// - Parameter rest: The location after `s3:`.
    init(_ rest: Substring, _ configuration: S3Configuration, region: String) throws(FileStoreError) {
        let invalid = FileStoreError(.invalidLocation, action: "use", path: "s3:\(rest.prefix { $0 != "?" })")
        guard let (bucket, prefix) = Self.parts(rest) else { throw invalid }
        (self.bucket, self.prefix, self.region) = (bucket, prefix, region)
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let endpoint = try WebEndpoint(configuration.endpoint ?? "https://s3.\(region).\(suffix)")
        let isInPath = configuration.pathStyle ?? (configuration.endpoint != nil || bucket.contains("."))
        host = isInPath ? endpoint.authority : "\(bucket).\(endpoint.authority)"
        base = "\(endpoint.scheme)://\(host)"
        pathPrefix = endpoint.path + (isInPath ? "/\(bucket)/" : "/")
    }

    /// The bucket, and the prefix with a slash at its end.
    private static func parts(_ rest: Substring) -> (bucket: String, prefix: String)? {
        guard rest.hasPrefix("//"), !rest.contains(where: { $0 == "?" || $0 == "#" }) else { return nil }
        let parts = rest.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false)
        guard let bucket = parts.first, (3...63).contains(bucket.utf8.count),
            bucket.utf8.allSatisfy({ isBucketByte($0) })
        else { return nil }
        let names = parts.dropFirst().filter { !$0.isEmpty }
        guard !names.contains("."), !names.contains(".."), names.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } })
        else { return nil }
        return (String(bucket), names.map { $0 + "/" }.joined())
    }

    /// The bytes of bucket names; older buckets have capitals and underscores.
    private static func isBucketByte(_ byte: UInt8) -> Bool {
        FileKey.isHarmless(byte)
            && ![UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: ",")]
                .contains(byte)
    }
}

/// The scheme, host and path of a store's or an identity service's endpoint.
struct WebEndpoint: Hashable, Sendable {
    let scheme: String
    /// Host and port.
    let authority: String
    /// Without a slash at its end; often empty.
    let path: String

    var text: String { "\(scheme)://\(authority)\(path)" }

    init(_ text: String) throws(FileStoreError) {
        // The text may hold a secret by mistake, as a password or in a query: only the rest is repeated.
        let invalid = FileStoreError(
            .invalidLocation,
            action: "use the endpoint",
            path: text.contains("@") ? "that has a user name in it" : String(text.prefix { $0 != "?" })
        )
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { throw invalid }
        let scheme = text[..<colon].lowercased()
        let rest = text[text.index(colon, offsetBy: 3)...]
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path.removeLast() }
        guard scheme == "https" || scheme == "http", !authority.isEmpty,
            !text.contains(where: { $0 == "?" || $0 == "#" || $0 == "@" || $0.isWhitespace })
        else { throw invalid }
        self.scheme = scheme
        // The HTTP client leaves the scheme's own port out of the host header, which is signed.
        let port = scheme == "https" ? ":443" : ":80"
        self.authority = String(authority.hasSuffix(port) ? authority.dropLast(port.count) : authority)
        self.path = String(path)
    }
}
