import NIOCore
package import NIOSSL

/// A certificate for `api.example.test`, `*.example.test`, `localhost` and 127.0.0.1, and the authority that issued it, valid from 2020
/// to 2120. Both are for tests alone.
package enum TestCertificate {
    /// A name that the certificate is valid for, and that does not resolve.
    package static let host = "api.example.test"

    /// The authority's certificate, in PEM form.
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBZTCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IGF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
        A1UEAwwOVGVzdCBhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATI
        Oi1zX+ykj+amEDbrD9yp1JvQ4w/xF2Fag7uEBKFKYJ+XiSYBwamT/Ss3KXpHdD+H
        X00JWIEcvXJOxNVyqTkKo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE
        AwICBDAdBgNVHQ4EFgQUuMFv+WPVjwqxRSJWIIiu/wafbKEwCgYIKoZIzj0EAwID
        SAAwRQIhAOLwMvXwzFz1P42xWF30QwVLTYG/ZzkZYSP9iMk9iQpnAiAQwtgCXiJh
        KbkndoixL7FMvfhmaVOilx/82H1YPYSAug==
        -----END CERTIFICATE-----
        """

    /// The TLS context of a server with the certificate.
    ///
    /// - Parameters:
    ///   - protocols: The protocols that the server offers in TLS.
    ///   - newest: The newest version of TLS that the server has.
    ///   - named: Called with the name that a client asks for.
    package static func serverContext(
        protocols: [String] = [],
        newest: TLSVersion? = nil,
        named: (@Sendable (String?) -> Void)? = nil
    ) throws -> NIOSSLContext {
        let key = try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem)
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.applicationProtocols = protocols
        configuration.maximumTLSVersion = newest
        if let named {
            configuration.sslContextCallback = { values, promise in
                named(values.serverHostname)
                promise.succeed(.noChanges)
            }
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBxzCCAW2gAwIBAgIBAzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IGF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGzEZMBcG
        A1UEAwwQYXBpLmV4YW1wbGUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
        BKQs1xNQBS2WA9z56iGqT/tV9lLpB3n2ViOgNRwicnBDINBxPpNhzyQ25VwolK96
        2yyhA2jJy1a57Gx/vF1ohImjgaEwgZ4wPAYDVR0RBDUwM4IQYXBpLmV4YW1wbGUu
        dGVzdIIOKi5leGFtcGxlLnRlc3SCCWxvY2FsaG9zdIcEfwAAATAJBgNVHRMEAjAA
        MBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQWBBThaYjujB8YSq0VmiI8otT+
        X4yaBzAfBgNVHSMEGDAWgBS4wW/5Y9WPCrFFIlYgiK7/Bp9soTAKBggqhkjOPQQD
        AgNIADBFAiAcdKAIG45+/72pmRZpcX0K0B2VykFYuQYo0v69uV5/ZQIhAPrVKdOf
        lTFXPAd7Pv5+duDNa+IjN7jcIHpC4qEOTyw7
        -----END CERTIFICATE-----
        """

    private static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjwk0iPjijLI60mga
        hjZeWQUPRn9BIFQa2imsQ3cEUfyhRANCAASkLNcTUAUtlgPc+eohqk/7VfZS6Qd5
        9lYjoDUcInJwQyDQcT6TYc8kNuVcKJSvetssoQNoyctWuexsf7xdaISJ
        -----END PRIVATE KEY-----
        """
}
