import Foundation
import NIOCore
import NIOHTTP1

/// A container's credentials: what ECS and EKS Pod Identity offer.
struct AWSContainerCredentials: Sendable {
    private static let ecsHost = "http://169.254.170.2"
    /// Hosts that may be asked without TLS: loopback, and the addresses of ECS and EKS.
    private static let plainHosts: Set<String> = [
        "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
    ]

    let environment: AWSEnvironment
    let caller: StoreCaller

    /// - Returns: `nil` when the process is not told of such a service.
    func fetch() async throws(FileStoreError) -> AWSCredentialChain.Lease? {
        let (action, place) = ("get credentials from", "the container's credentials service")
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = Self.ecsHost + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            let host = full.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
            let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
            guard full.hasPrefix("https://") || full.hasPrefix("http://") && Self.plainHosts.contains(String(name))
            else {
                throw FileStoreError(
                    .noCredentials,
                    action: action,
                    path: place,
                    detail: "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor one of the known addresses"
                )
            }
            url = full
        } else {
            return nil
        }
        let answer = try await caller.call(action, place) { () async throws(FileStoreError) in
            var request = WireRequest(method: .GET, url: url, timeout: .seconds(5))
            // The token is exchanged now and then.
            if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
                request.headers.add(name: "authorization", value: try StoreSecret.file(path).reveal(action))
            } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
                request.headers.add(name: "authorization", value: token)
            }
            return request
        } judge: {
            judgeIdentity($0, action, place)
        }
        return try AWSCredentialsDocument.lease(answer, from: place)
    }
}

/// The role of the instance that the worker runs on, from its metadata service, version 2.
struct AWSInstanceMetadata: Sendable {
    private static let place = "the instance's metadata service"
    private static let roles = "/latest/meta-data/iam/security-credentials/"

    let environment: AWSEnvironment
    let caller: StoreCaller

    private var base: String {
        if let given = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] {
            return given.hasSuffix("/") ? String(given.dropLast()) : given
        }
        return environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
            ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }

    func fetch() async throws(FileStoreError) -> AWSCredentialChain.Lease {
        let token: String
        do {
            token = try await ask(.PUT, "/latest/api/token", ["x-aws-ec2-metadata-token-ttl-seconds": "21600"])
        } catch  where error.kind == .unavailable {
            // Where there is no such service nobody is at its address: then there are just no credentials.
            var error = error
            error.kind = .noCredentials
            throw error
        }
        let session: HTTPHeaders = ["x-aws-ec2-metadata-token": token]
        let role = try await ask(.GET, Self.roles, session).split(whereSeparator: \.isNewline).first.map(String.init)
        guard let role else {
            throw FileStoreError(
                .noCredentials,
                action: "get credentials from",
                path: Self.place,
                detail: "the instance has no role"
            )
        }
        let document = try await ask(.GET, Self.roles + uriEncoded(role), session)
        return try AWSCredentialsDocument.lease(WireAnswer(status: 200, body: Array(document.utf8)), from: Self.place)
    }

    private func ask(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders) async throws(FileStoreError)
        -> String
    {
        let action = "get credentials from"
        let answer = try await caller.call(action, Self.place) { () async throws(FileStoreError) in
            WireRequest(method: method, url: base + path, headers: headers, timeout: .seconds(2))
        } judge: {
            judgeIdentity($0, action, Self.place)
        }
        return String(decoding: answer.body, as: UTF8.self)
    }
}

/// What an identity service's answer means, where it has no codes of its own.
func judgeIdentity(_ answer: WireAnswer, _ action: String, _ place: String) -> CallFault? {
    if answer.isSuccess { return nil }
    let detail = "HTTP \(answer.status)"
    switch answer.status {
    case 408, 429, 500...599:
        return .again(FileStoreError(.unavailable, action: action, path: place, detail: detail))
    default: return .final(FileStoreError(.noCredentials, action: action, path: place, detail: detail))
    }
}
