package import EntraIdentity
import Foundation
package import HTTPAccess
import Primitives
package import TestSupport

/// Answers of a token endpoint for a ``StubServer``, and a provider that asks it for tokens.
package enum TokenStandIn {
    package static let v1Answer =
        #"{"token_type":"Bearer","expires_in":"3599","expires_on":"1800003599","access_token":"T-v1","refresh_token":"R"}"#

    package static func v2Answer(_ token: String, expiresIn: Int = 3599) -> String {
        #"{"token_type":"Bearer","expires_in":\#(expiresIn),"ext_expires_in":\#(expiresIn),"access_token":"\#(token)"}"#
    }

    package static func refusal(_ code: Int, error: String = "invalid_grant") -> StubReply {
        .answer(
            400,
            body: """
                {"error":"\(error)","error_description":"AADSTS\(code): Something. Trace ID: 1","error_codes":[\(code)],\
                "correlation_id":"c0ffee00-0000-4000-8000-000000000000"}
                """
        )
    }

    package static func provider(
        _ server: StubServer,
        _ transport: HTTPTransport,
        flow: EntraTokenProvider.Flow? = nil,
        version: EntraTokenProvider.EndpointVersion? = nil,
        clock: TestClock = TestClock(),
        log: LogCapture? = nil
    ) throws -> EntraTokenProvider {
        let password = EntraTokenProvider.Flow.password(
            username: "ann@contoso.example",
            password: Secret("p&w =ä+/"),
            clientSecret: nil
        )
        var configuration = EntraTokenProvider.Configuration(
            tenantID: "contoso.example",
            clientID: "client-1",
            flow: flow ?? password
        )
        configuration.authority = server.url
        configuration.endpointVersion = version
        return try EntraTokenProvider(
            configuration: configuration,
            transport: transport,
            environment: .test(clock),
            logger: log?.logger
        )
    }

    package static func form(_ request: StubRequest) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in request.body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[String(parts[0])] = parts.count > 1 ? String(parts[1]).removingPercentEncoding : nil
        }
        return fields
    }
}
