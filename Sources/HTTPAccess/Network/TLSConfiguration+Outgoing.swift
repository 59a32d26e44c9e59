import NIOSSL

extension TLSConfiguration {
    /// The TLS settings of every connection that a transport opens, of both kinds.
    ///
    /// - Parameter roots: Authorities that are trusted in addition to the system's.
    static func outgoing(trusting roots: TrustRoots?) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // RFC 8996 deprecates the versions before, which NIOSSL would accept.
        configuration.minimumTLSVersion = .tlsv12
        if let roots, !roots.certificates.isEmpty {
            configuration.additionalTrustRoots = [.certificates(roots.certificates)]
        }
        return configuration
    }
}
