import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import Testing

@testable import PayoutAPI

/// 401 with code 900421: the service demands multi-factor authentication.
@Suite(.bothTransports) struct MFARefusalTests {
    static let shapes = [
        #"{"error":{"code":"900421","message":"MFA is required."}}"#,
        #"{"error":{"code":900421,"message":"MFA is required."}}"#,
        #"{"code":"900421","description":"MFA is required."}"#,
        #"{"code":900421,"description":"MFA is required.","data":[],"source":"x"}"#,
        #"{"errorCode":900421,"message":"MFA is required."}"#,
        #"{"errorCode":"900421"}"#,
        #"{"statusCode":900421,"message":"MFA is required."}"#,
        #"{"statusCode":"900421"}"#,
        #"{"error":{"code":"unauthenticated","innerError":{"code":"900421","innerError":null}}}"#,
        #"{"error":{"code":"unauthenticated","innererror":{"code":"x","innererror":{"code":900421}}}}"#,
        #"{"error":{"code":"unauthenticated","innerError":{"statusCode":900421}}}"#,
        #"{"error":"900421"}"#,
        "<Error><Code>900421</Code><Message>MFA is required.</Message></Error>",
    ]

    @Test(arguments: shapes)
    func refusalWithoutMFAFetchesNoSecondToken(body: String) async throws {
        try await withStub({ request, _ in
            request.path.hasSuffix("token")
                ? .answer(200, body: TokenStandIn.v2Answer("T")) : .answer(401, body: body)
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let client = try PayoutClientTests.client(server, transport, tokens: provider)
            for _ in 0..<2 {
                let error = try await failure(of: PayoutAPIError.self) {
                    try await client.get(kind: .payments, requestID: "a", correlationID: UUID())
                }
                guard case .mfaRequired = error.reason else {
                    Issue.record("\(error)")
                    return
                }
                #expect(error.code == "mfaRequired")
                #expect(error.recovery == .permanentForAccount)
                #expect(error.description.contains("900421"))
                #expect(error.description.contains("payout-worker sign-in"))
            }
            #expect(server.requests.filter { $0.path.hasSuffix("token") }.count == 1)
            #expect(server.requests.count == 3)
        }
    }

    @Test(arguments: [
        #"{"error":{"code":"unauthenticated","message":"not 900421"}}"#, #"{"statusCode":401,"message":"900421"}"#,
        #"{"code":"9004210"}"#, "",
    ])
    func otherRefusalIsRetriedWithANewToken(body: String) async throws {
        try await withStub({ request, _ in
            request.path.hasSuffix("token")
                ? .answer(200, body: TokenStandIn.v2Answer("T")) : .answer(401, body: body)
        }) { server, transport in
            let provider = try TokenStandIn.provider(server, transport)
            let client = try PayoutClientTests.client(server, transport, tokens: provider)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: "a", correlationID: UUID())
            }
            guard case .unauthorized = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(server.requests.filter { $0.path.hasSuffix("token") }.count == 2)
        }
    }

    @Test func codeIsReadWithStatus401Alone() async throws {
        try await withStub({ _, _ in .answer(403, body: #"{"code":900421}"#) }) { server, transport in
            let client = try PayoutClientTests.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: "a", correlationID: UUID())
            }
            guard case .forbidden = error.reason else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
