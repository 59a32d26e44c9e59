import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import Primitives
import Testing

@testable import PayoutAPI

/// Undocumented forms of answers, which servers and gateways send nevertheless.
@Suite(.bothTransports) struct UnreliableServiceTests {
    typealias Base = PayoutClientTests

    static let id = Base.id

    private func get(_ reply: StubReply) async throws -> Export {
        var export: Export?
        try await withStub({ _, _ in reply }) { server, transport in
            export = try await Base.client(server, transport)
                .get(kind: .payments, requestID: Self.id, correlationID: UUID())
        }
        return try #require(export)
    }

    private func create(_ reply: StubReply) async throws -> Export {
        var export: Export?
        try await withStub({ _, _ in reply }) { server, transport in
            export = try await Base.client(server, transport)
                .create(kind: .payments, idempotencyID: UUID(), correlationID: UUID())
        }
        return try #require(export)
    }

    // MARK: - HTTP

    @Test func http10AnswerEndsWithItsConnection() async throws {
        let export = try await get(.garbage("HTTP/1.0 200 OK\r\n\r\n" + Base.envelope(status: "Processing")))
        #expect(export.status == .processing)
    }

    @Test func interimAnswersAreSkipped() async throws {
        let body = Base.envelope(status: "Completed")
        let export = try await get(
            .garbage(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        )
        #expect(export.status == .completed)
    }

    @Test func chunkedAnswerIsRead() async throws {
        let body = Base.envelope(status: "Queued")
        let (first, second) = (body.prefix(40), body.dropFirst(40))
        let chunks = [first, second].map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined()
        let export = try await get(
            .garbage("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n")
        )
        #expect(export.status == .queued)
    }

    @Test(arguments: [
        (
            "gzip",
            "H4sIAAAAAAACAw3KsQqAIBAA0H+5OcFS1PqDtvZoOPWKIIo6bRH/vd78Crx4ZIJhLvDQnYnTGGGAXoXOq7CKYKITmiwJjNQKKa01Dg151NAAJ0yZ/z89VyDm/dygLvUDl9AeHlYAAAA="
        ),
        (
            "deflate",
            "eJwNyrEKgCAQANB/uTnBUtT6g7b2aDj1iiCKOm0R/73e/Aq8eGSCYS7w0J2J0xhhgF6FzquwimCiE5osCYzUCimtNQ4NedTQACdMmf8/PVcg5v3coC71A53OG3I="
        ),
    ])
    func compressedAnswerIsDecompressed(encoding: String, body: String) async throws {
        let bytes = try #require(Data(base64Encoded: body))
        let export = try await get(.bytes(200, headers: [("content-encoding", encoding)], body: Array(bytes)))
        #expect(export.requestID == Self.id)
        #expect(export.status == .processing)
    }

    @Test func damagedCompressedAnswerIsRetryable() async throws {
        let error = try await failure(of: PayoutAPIError.self) {
            try await get(.answer(200, headers: [("content-encoding", "gzip")], body: "this is not gzip"))
        }
        #expect(error.recovery == .retryable)
        #expect(error.code == "transport.unreadable")
    }

    @Test(arguments: [200, 201, 202, 203])
    func everySuccessStatusIsAccepted(status: Int) async throws {
        #expect(try await create(.answer(status, body: Base.envelope())).requestID == Self.id)
        #expect(try await get(.answer(status, body: Base.envelope())).requestID == Self.id)
    }

    @Test(arguments: [200, 202, 204])
    func deletionWithoutABodyIsASuccess(status: Int) async throws {
        try await withStub({ _, _ in .answer(status) }) { server, transport in
            try await Base.client(server, transport).delete(kind: .payments, requestID: Self.id, correlationID: UUID())
            #expect(server.requests.map(\.method) == ["DELETE"])
        }
    }

    // MARK: - Bodies

    @Test(arguments: [
        "https://api.example/v1.0/payouts/payments('\(id)')", "/v1.0/payouts/payments(\(id))",
        "payments/\(id)", " /v1.0/payouts/payments/\(id) ", "/v1.0/payouts/payments/\(id)/?api-version=1#x",
    ])
    func idIsReadFromEveryFormOfALocation(location: String) async throws {
        let export = try await create(.answer(201, headers: [("location", location)]))
        #expect(export.requestID == Self.id)
    }

    @Test(arguments: [
        #"{"value":[],"requestId":"\#(id)","status":"Completed"}"#,
        #"{"value":null,"requestId":"\#(id)","status":" completed "}"#,
        #"{"VALUE":[{"REQUESTID":"\#(id)","STATUS":"COMPLETED"}],"totalCount":"1","nextLink":""}"#,
        #"{"value":[{"status":"Completed"}]}"#,
        #"{"value":[{"requestId":"other"},{"requestId":"\#(id.uppercased())","status":"completed\n"}]}"#,
        "\r\n\t" + #"{"value":[{"requestId":null,"status":"Completed"},]}"#.replacing(",]", with: "]"),
    ])
    func envelopeOfEveryShapeIsRead(body: String) async throws {
        #expect(try await get(.answer(200, body: body)).status == .completed)
    }

    @Test func numbersAndStringsAreInterchangeable() async throws {
        let export = try await create(
            .answer(202, body: #"{"value":[{"requestId":42,"status":"Queued"}],"totalCount":"1"}"#)
        )
        #expect(export.requestID == "42")
    }

    @Test(
        arguments: [
            ("", nil), ("null", nil), (#""""#, nil), (#"" ""#, nil), (#""\n""#, nil),
            (
                #"" https://a.blob.core.windows.net/c/my file.csv?sig=a\u0026se=2023-03-01T00%3A00%3A00Z ""#,
                "https://a.blob.core.windows.net/c/my%20file.csv?sig=a&se=2023-03-01T00%3A00%3A00Z"
            ),
        ] as [(String, String?)]
    )
    func blobLocationIsNormalizedOrMissing(place: String, expected: String?) async throws {
        let member = place.isEmpty ? "" : #","blobLocation":\#(place)"#
        let export = try await get(
            .answer(200, body: #"{"value":[{"requestId":"\#(Self.id)","status":"Completed"\#(member)}]}"#)
        )
        #expect(export.blobLocation?.unredacted == expected)
        #expect(export.isReady == (expected != nil))
    }

    @Test(arguments: [404, 410])
    func missingPathOfACreationIsARejection(status: Int) async throws {
        let error = try await failure(of: PayoutAPIError.self) { try await create(.answer(status)) }
        #expect(error.code == "rejected")
        #expect(error.recovery == .permanentForJob)
        #expect(error.description.contains("base URL"))
    }

    // MARK: - Addresses

    @Test(arguments: ["", "/", "/v1.0", "/V1.0/", "//"])
    func everyEndOfABaseURLIsAccepted(end: String) async throws {
        try await withStub({ _, _ in .answer(200, body: Base.envelope()) }) { server, transport in
            var configuration = PayoutClient.Configuration()
            configuration.baseURL = server.url + end
            let client = try PayoutClient(
                configuration: configuration,
                tokens: StaticTokenProvider(Secret("t")),
                transport: transport
            )
            _ = try await client.get(kind: .payments, requestID: Self.id, correlationID: UUID())
            #expect(server.requests.map(\.uri) == ["/v1.0/payouts/payments/\(Self.id)"])
        }
    }

    @Test func tenantInTheAuthorityIsNotRepeated() async throws {
        try await withStub({ _, _ in .answer(200, body: TokenStandIn.v1Answer) }) { server, transport in
            var configuration = EntraTokenProvider.Configuration(
                tenantID: "contoso.example",
                clientID: "c",
                flow: .clientCredentials(clientSecret: Secret("s"))
            )
            configuration.authority = server.url + "/contoso.example/"
            _ = try await EntraTokenProvider(configuration: configuration, transport: transport).token()
            #expect(server.requests.map(\.uri) == ["/contoso.example/oauth2/v2.0/token"])
        }
    }
}
