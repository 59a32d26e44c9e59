extension PayoutSandbox {
    /// The address of a running sandbox, and the settings of its clients.
    public struct Address: Sendable, Equatable {
        /// The host name or address, without brackets.
        public let host: String
        /// The port.
        public let port: Int
        /// The base URL of the export API, without a slash at its end.
        public let baseURL: String
        /// The base URL of the token endpoints, to which a tenant id is appended.
        public let authority: String
        /// The hosts that files are fetched from.
        public let blobHosts: [String]
        /// The environment variables that point a worker here, in the order of the interface document. They hold the
        /// password and the refresh token of the first account, which protect nothing.
        public let environment: [(String, String)]

        init(configuration: Configuration, port: Int) {
            host = configuration.publicHost ?? Self.reachable(configuration.host)
            self.port = port
            let url = host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"
            baseURL = url
            authority = url
            blobHosts = [host]
            var environment = [("PAYOUT_API_BASE_URL", url), ("PAYOUT_API_AUTHORITY", url)]
            if let account = configuration.accounts.first {
                environment += [
                    ("PAYOUT_API_TENANT_ID", account.tenantID),
                    ("PAYOUT_API_CLIENT_ID", account.clientID),
                    ("PAYOUT_API_USERNAME", account.username),
                    ("PAYOUT_API_PASSWORD", account.password),
                ]
                if let token = account.refreshToken { environment.append(("PAYOUT_API_REFRESH_TOKEN", token)) }
            }
            environment.append(("PAYOUT_API_BLOB_HOSTS", host))
            self.environment = environment
        }

        /// Two addresses are the same when host and port are.
        public static func == (left: Self, right: Self) -> Bool {
            left.host == right.host && left.port == right.port
        }

        /// The unspecified address is valid for listening, not for a URL.
        private static func reachable(_ host: String) -> String {
            switch host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "::1"
            default: host
            }
        }
    }
}
