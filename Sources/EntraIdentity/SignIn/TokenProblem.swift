public import struct Foundation.Date

/// A reason why the API would refuse a token, or why a program cannot run with the result of a sign-in.
public enum TokenProblem: Sendable, Hashable {
    /// The token is for another API.
    case wrongAudience([String])
    /// The person signed in without multi-factor authentication, which the service demands.
    case noMFA
    /// The token is of another tenant than the configured one.
    case wrongTenant(String)
    /// The application may sign in, but was granted no permission of the API.
    case noPermission
    /// There is no refresh token: the program cannot run longer than an hour.
    case noRefreshToken
    /// The difference of this machine's clock from the identity platform's; positive where this machine is ahead.
    case clockOff(Duration)
}

extension TokenClaims {
    /// The application id of the Microsoft Partner (Dev Center) API. The audience of some tokens is this id instead of the API's address.
    public static let partnerAPI = "4990cffe-04e8-4e8b-808a-1175604b879f"

    /// The reasons why the API would refuse the token; empty when there are none.
    ///
    /// - Parameters:
    ///   - resource: The API that the token is for.
    ///   - expected: The configured tenant; compared only where it is an id, since tokens do not contain domains.
    ///   - now: This machine's time.
    ///   - isNew: Whether the token was just issued, so that its time can be compared with the machine's.
    public func problems(resource: String, tenantID expected: String, now: Date, isNew: Bool) -> [TokenProblem] {
        var problems: [TokenProblem] = []
        let accepted = [resource, Self.partnerAPI].map(Self.comparable)
        if !audiences.isEmpty, !audiences.contains(where: { accepted.contains(Self.comparable($0)) }) {
            problems.append(.wrongAudience(audiences))
        }
        if let tenantID, expected.utf8.count == 36, !expected.contains("."),
            tenantID.lowercased() != expected.lowercased()
        {
            problems.append(.wrongTenant(tenantID))
        }
        if !audiences.isEmpty, scopes.isEmpty, roles.isEmpty { problems.append(.noPermission) }
        if !isApplicationOnly, hasMFA == false { problems.append(.noMFA) }
        if isNew, let issued {
            let seconds = now.timeIntervalSince(issued)
            // The identity platform writes a time some minutes in the past.
            if !(-120...900).contains(seconds) {
                problems.append(.clockOff(.seconds(Int64(max(-1e9, min(1e9, seconds))))))
            }
        }
        return problems
    }

    private static func comparable(_ audience: String) -> String {
        let text = audience.lowercased()
        if text.hasPrefix("api://") { return String(text.dropFirst(6)) }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
