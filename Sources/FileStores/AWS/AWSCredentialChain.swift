import Foundation
import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// Finds the credentials for S3 where AWS's own tools look, in their order: the environment, a web identity token, a
/// profile, the container's credentials service, the instance's metadata service. `S3FileStore` caches the result in a
/// `CachedCredential`.
struct AWSCredentialChain: Sendable {
    typealias Lease = CachedCredential<AWSCredentials>.Lease

    /// After how many milliseconds credentials from a file are read again: an operator may have replaced them.
    static let fileLifetime: Int64 = 600_000

    let environment: AWSEnvironment
    let region: String
    let caller: StoreCaller

    /// Gets credentials from the first source that is configured. When it fails, the later sources are not asked: their
    /// credentials may belong to another account.
    func fetch() async throws(FileStoreError) -> Lease {
        if let credentials = environment.credentials { return Lease(value: credentials) }
        let roles = AWSSecurityTokens(environment: environment, region: region, caller: caller)
        if let identity = AWSWebIdentity(environment) { return try await roles.assume(identity) }
        if let lease = try await profile(environment.profile, roles, depth: 0) { return lease }
        if environment["AWS_PROFILE"] != nil {
            throw missing("the profile '\(environment.profile)' holds no credentials that this worker can use")
        }
        if let lease = try await AWSContainerCredentials(environment: environment, caller: caller).fetch() {
            return lease
        }
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
            throw missing("none are configured, and the metadata service is disabled")
        }
        return try await AWSInstanceMetadata(environment: environment, caller: caller).fetch()
    }

    /// A profile's credentials, or those of the role that it assumes.
    private func profile(
        _ name: String,
        _ roles: AWSSecurityTokens,
        depth: Int
    ) async throws(FileStoreError) -> Lease? {
        let profiles = await SmallFile.onThread { [environment] in environment.profiles }
        let settings = profiles.settings(name)
        guard let role = settings["role_arn"], depth < 4 else {
            return profiles.credentials(name).map {
                Lease(value: $0, expiresAt: caller.clock.now() + Self.fileLifetime)
            }
        }
        let session = settings["role_session_name"] ?? AWSWebIdentity.defaultSession
        if let path = settings["web_identity_token_file"] {
            return try await roles.assume(AWSWebIdentity(role: role, tokenPath: path, session: session))
        }
        guard let source = settings["source_profile"] else {
            throw missing("the profile '\(name)' assumes a role and names neither source_profile nor a token file")
        }
        // A profile that names itself as its source holds the keys for assuming the role.
        let base: Lease? =
            source == name
            ? profiles.credentials(name).map { Lease(value: $0) }
            : try await profile(source, roles, depth: depth + 1)
        guard let base else { throw missing("the profile '\(source)' holds no credentials") }
        return try await roles.assume(
            role: role,
            session: session,
            externalID: settings["external_id"],
            with: base.value
        )
    }

    private func missing(_ detail: String) -> FileStoreError {
        FileStoreError(.noCredentials, action: "get", path: "credentials for S3", detail: detail)
    }
}

/// The JSON document in which the credentials services of containers and instances return credentials.
struct AWSCredentialsDocument: Decodable {
    var AccessKeyId: String
    var SecretAccessKey: String
    var Token: String?
    var Expiration: String?

    /// - Parameter service: The service's name, for errors.
    static func lease(_ answer: HTTPAnswer, from service: String) throws(FileStoreError) -> AWSCredentialChain.Lease {
        do {
            let document = try JSONDecoder().decode(Self.self, from: Data(answer.body.readableBytesView))
            return AWSCredentialChain.Lease(
                value: AWSCredentials(
                    accessKeyID: document.AccessKeyId,
                    secretAccessKey: document.SecretAccessKey,
                    sessionToken: document.Token
                ),
                expiresAt: document.Expiration.flatMap { Timestamp(iso8601: $0)?.milliseconds }
            )
        } catch {
            throw FileStoreError(
                .noCredentials,
                action: "get credentials from",
                path: service,
                detail: "the response is not a credentials document"
            )
        }
    }
}
