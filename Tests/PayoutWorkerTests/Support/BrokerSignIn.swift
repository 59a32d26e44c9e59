import Foundation

/// Handles the requests of a client until it has signed in with SASL PLAIN: `ApiVersions`, `SaslHandshake` and
/// `SaslAuthenticate`, like a Kafka listener with SASL.
struct BrokerSignIn: Sendable {
    let client: LoopbackSocket
    let broker: LoopbackSocket

    /// Requests by their API key in Kafka's protocol.
    private enum API: Int16 {
        case saslHandshake = 17
        case versions = 18
        case saslAuthenticate = 36
    }

    private static let unsupportedVersion: Int16 = 35
    private static let authenticationFailed: Int16 = 58

    /// Returns whether the client has signed in before it closed the connection.
    func run(_ admits: (_ password: String) -> Bool) -> Bool {
        while let request = client.frame() {
            // The request's header is API, version, correlation id, and the client's name.
            let version = request.integer(Int16.self, at: 2)
            var answer = Data(request.dropFirst(4).prefix(4))
            switch API(rawValue: request.integer(Int16.self, at: 0)) {
            case .versions where version > 0:
                // Like a broker that supports only the first version: no list follows.
                answer.append(integer: Self.unsupportedVersion)
                answer.append(integer: Int32(0))
            case .versions:
                guard let versions = versions(request) else { return false }
                answer = versions
            case .saslHandshake:
                answer.append(integer: Int16(0))
                answer.append(integer: Int32(1))
                answer.append(text: "PLAIN")
            case .saslAuthenticate:
                guard admits(password(request)) else {
                    answer.append(integer: Self.authenticationFailed)
                    answer.append(text: "Authentication failed: Invalid username or password")
                    answer.append(integer: Int32(0))
                    break
                }
                answer.append(integer: Int16(0))
                answer.append(integer: Int16(-1))
                answer.append(integer: Int32(0))
                return client.write(frame: answer)
            case nil: return false
            }
            guard client.write(frame: answer) else { return false }
        }
        return false
    }

    /// The broker's own response with the missing APIs added: correlation id, error, count, and for each API its key and the
    /// first and last version.
    private func versions(_ request: Data) -> Data? {
        guard broker.write(frame: request), let known = broker.frame() else { return nil }
        let added: [(API, Int16)] = [(.saslHandshake, 1), (.saslAuthenticate, 0)]
        var answer = known.prefix(6)
        answer.append(integer: known.integer(Int32.self, at: 6) + Int32(added.count))
        answer.append(known.dropFirst(10))
        for (api, last) in added {
            answer.append(integer: api.rawValue)
            answer.append(integer: Int16(0))
            answer.append(integer: last)
        }
        return answer
    }

    /// The third part of the token: an empty authorization id, the user name and the password, separated by zero bytes.
    private func password(_ request: Data) -> String {
        let nameLength = max(0, Int(request.integer(Int16.self, at: 8)))
        let token = request.dropFirst(10 + nameLength + 4)
        let parts = token.split(separator: 0, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(decoding: parts[2], as: UTF8.self) : ""
    }
}

extension Data {
    /// Appends a string in Kafka's format: the length before the bytes.
    fileprivate mutating func append(text: String) {
        append(integer: Int16(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}
