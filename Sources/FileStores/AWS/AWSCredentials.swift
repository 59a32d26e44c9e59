/// The credentials that requests to AWS are signed with.
struct AWSCredentials: Hashable, Sendable {
    var accessKeyID: String
    var secretAccessKey: String
    /// The session token of temporary credentials.
    var sessionToken: String?

    func signature(region: String, service: String) -> SignatureV4 {
        SignatureV4(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, region: region, service: service)
    }
}

/// The standard `AWS_…` environment variables that an S3 store supports.
struct AWSEnvironment: Sendable {
    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    /// The value of a variable; `nil` when it is missing or empty.
    subscript(name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    var region: String? { self["AWS_REGION"] ?? self["AWS_DEFAULT_REGION"] ?? profiles.settings(profile)["region"] }
    var s3Endpoint: String? { self["AWS_ENDPOINT_URL_S3"] ?? self["AWS_ENDPOINT_URL"] }
    var profile: String { self["AWS_PROFILE"] ?? "default" }

    /// The profiles, read each time: their files may have changed. Blocks.
    var profiles: AWSProfiles {
        let home = self["HOME"]
        return AWSProfiles(
            credentialsPath: self["AWS_SHARED_CREDENTIALS_FILE"] ?? home.map { $0 + "/.aws/credentials" },
            configPath: self["AWS_CONFIG_FILE"] ?? home.map { $0 + "/.aws/config" }
        )
    }

    /// Credentials in the variables themselves.
    var credentials: AWSCredentials? {
        guard let id = self["AWS_ACCESS_KEY_ID"], let secret = self["AWS_SECRET_ACCESS_KEY"] else { return nil }
        return AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: self["AWS_SESSION_TOKEN"])
    }
}
