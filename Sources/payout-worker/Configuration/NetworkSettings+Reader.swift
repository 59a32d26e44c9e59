import HTTPAccess

extension NetworkSettings {
    /// Reads how servers are reached: the API, the identity provider, blobs, file stores and the collector of traces.
    init(_ reader: inout SettingReader) {
        self.init(exceptions: ProxyExceptions(reader.text("NO_PROXY")))
        do {
            proxy = try reader.given("HTTPS_PROXY").map { text throws(NetworkSettingsError) in try ProxyServer(text) }
        } catch {
            reader.problems.append(Self.explanation(error))
        }
        do {
            additionalRoots = try reader.given("TLS_CA_FILE").map { path throws(NetworkSettingsError) in
                try TrustRoots(pemFile: path)
            }
        } catch {
            reader.problems.append(Self.explanation(error))
        }
    }

    /// What is wrong and what to write instead. The proxy's address, which may hold a password, is not repeated.
    private static func explanation(_ error: NetworkSettingsError) -> String {
        switch error {
        case .notAProxyAddress:
            "HTTPS_PROXY must be a proxy's address, such as http://proxy.example.com:3128 or "
                + "http://user:password@proxy.example.com:3128, with user name and password percent-encoded."
        case .unsupportedProxyScheme(let scheme):
            "HTTPS_PROXY begins with \(scheme)://, which is not supported. Give the address of an HTTP proxy, such as "
                + "http://proxy.example.com:3128."
        case .unreadableFile(let path):
            "TLS_CA_FILE names '\(path)', which cannot be read or is larger than 4 MiB. Check the path and its permissions."
        case .noCertificates(let path):
            "TLS_CA_FILE names '\(path)', which holds no certificates in PEM form, or a broken one. Each begins with "
                + "-----BEGIN CERTIFICATE-----."
        }
    }
}
