import Foundation
import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// The client of a container's credentials service (ECS, EKS Pod Identity). `AWSCredentialChain` uses it.
struct AWSContainerCredentials: Sendable {
    private static let ecsHost = "http://169.254.170.2"
    /// Hosts that are permitted without TLS: loopback, and the addresses of ECS and EKS.
    private static let plainHosts: Set<String> = [
        "localhost", "127.0.0.1", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
    ]

    let environment: AWSEnvironment
    let caller: StoreCaller

    /// - Returns: `nil` when the environment names no such service.
    func fetch() async throws(FileStoreError) -> AWSCredentialChain.Lease? {
        let (action, service) = ("get credentials from", "the container's credentials service")
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
                    path: service,
                    detail: "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor one of the known addresses"
                )
            }
            url = full
        } else {
            return nil
        }
        let answer = try await caller.call(action, service) { () async throws(FileStoreError) in
            var request = OutgoingRequest(
                raw: .GET,
                url: url,
                timeout: .seconds(5),
                maximumAnswer: OutgoingRequest.identityAnswer
            )
            // The agent replaces the token's file periodically, so it is read for each attempt.
            if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
                request.headers.add(name: "authorization", value: try await Secret.file(path).reveal(action))
            } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
                request.headers.add(name: "authorization", value: token)
            }
            return request
        } evaluate: {
            evaluateIdentity($0, action, service)
        }
        return try AWSCredentialsDocument.lease(answer, from: service)
    }
}

/// The client of an EC2 instance's metadata service (version 2), which returns the credentials of the instance's role.
/// `AWSCredentialChain` uses it last.
struct AWSInstanceMetadata: Sendable {
    private static let service = "the instance's metadata service"
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
            // Outside of EC2 no server has this address: there are no credentials, and retrying does not help.
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
                path: Self.service,
                detail: "the instance has no role"
            )
        }
        let document = try await ask(.GET, Self.roles + role.percentEncoded(), session)
        return try AWSCredentialsDocument.lease(
            HTTPAnswer(status: 200, body: ByteBuffer(string: document)),
            from: Self.service
        )
    }

    private func ask(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders) async throws(FileStoreError)
        -> String
    {
        let action = "get credentials from"
        let answer = try await caller.call(action, Self.service) { () async throws(FileStoreError) in
            OutgoingRequest(
                raw: method,
                url: base + path,
                headers: headers,
                timeout: .seconds(2),
                maximumAnswer: OutgoingRequest.identityAnswer
            )
        } evaluate: {
            evaluateIdentity($0, action, Self.service)
        }
        return answer.text
    }
}

/// Classifies the response of a credentials service by its status alone: these services have no error codes.
func evaluateIdentity(_ answer: HTTPAnswer, _ action: String, _ service: String) -> CallFault? {
    if answer.isSuccess { return nil }
    let detail = "HTTP \(answer.status)"
    switch answer.status {
    case 408, 429, 500...599:
        return .again(FileStoreError(.unavailable, action: action, path: service, detail: detail))
    default: return .final(FileStoreError(.noCredentials, action: action, path: service, detail: detail))
    }
}
