import NIOSSL
import Primitives

/// Certificate authorities, read from a PEM file. Part of ``NetworkSettings``.
public struct TrustRoots: Sendable {
    /// The largest file of certificate authorities that is read, in bytes.
    public static let maximumFileSize = 4 * 1024 * 1024

    /// The number of certificates in the file.
    public var count: Int { certificates.count }

    let certificates: [NIOSSLCertificate]

    /// Reads a file with one or more certificates in PEM form. Blocks.
    public init(pemFile path: String) throws(NetworkSettingsError) {
        guard let bytes = SmallFile.beginning(of: path, limit: Self.maximumFileSize + 1),
            bytes.count <= Self.maximumFileSize
        else { throw .unreadableFile(path: path) }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw .noCertificates(path: path)
        }
        self.certificates = certificates
    }
}
