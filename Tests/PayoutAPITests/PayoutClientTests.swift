import EntraIdentity
import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import Primitives
import Testing

@testable import PayoutAPI

/// The requests and answers of API calls. Other suites use its helpers.
@Suite(.bothTransports) struct PayoutClientTests {
    static let id = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
    static let idempotencyID = UUID(uuidString: "0B1C2D3E-4F50-4111-8222-A3B4C5D6E7F8") ?? UUID()
    static let correlationID = UUID(uuidString: "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE") ?? UUID()

    static func envelope(id: String = Self.id, status: String = "Queued", blob: String = "") -> String {
        """
        {"value":[{"requestId":"\(id)","requestDateTime":"2023-05-25T21:20:46.3727561Z",\
        "requestPath":"/v1.0/payouts/payments","requestQueryString":"paymentDate ge 2023-03-01",\
        "blobLocation":"\(blob)","status":"\(status)"}],"nextLink":null,"totalCount":1}
        """
    }

    static func client(
        _ server: StubServer,
        _ transport: HTTPTransport,
        retryPolicy: RetryPolicy = .none,
        tokens: any TokenProvider = StaticTokenProvider(Secret("the-token")),
        gate: (any RequestGate)? = nil,
        clock: TestClock = TestClock(),
        requestTimeout: Duration = .seconds(300)
    ) throws -> PayoutClient {
        var configuration = PayoutClient.Configuration()
        configuration.baseURL = server.url
        configuration.retryPolicy = retryPolicy
        configuration.requestTimeout = requestTimeout
        return try PayoutClient(
            configuration: configuration,
            tokens: tokens,
            transport: transport,
            gate: gate,
            environment: .test(clock)
        )
    }

    func create(_ client: PayoutClient, filter: String? = nil) async throws -> Export {
        try await client.create(
            kind: .payments,
            filter: filter,
            idempotencyID: Self.idempotencyID,
            correlationID: Self.correlationID
        )
    }

    func get(_ client: PayoutClient) async throws -> Export {
        try await client.get(kind: .payments, requestID: Self.id, correlationID: Self.correlationID)
    }

    @Test func createSendsTheDocumentedRequest() async throws {
        try await withStub({ _, _ in .answer(202, body: Self.envelope()) }) { server, transport in
            let client = try Self.client(server, transport)
            let export = try await client.create(
                kind: .transactionHistory,
                filter: "programName eq 'A&B + 100%' and earningForDate ge 2023-03-01",
                fileFormat: .tsv,
                idempotencyID: Self.idempotencyID,
                correlationID: Self.correlationID
            )
            #expect(export.requestID == Self.id)
            #expect(export.status == .queued)
            #expect(export.blobLocation == nil)
            #expect(export.queryString == "paymentDate ge 2023-03-01")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(
                request.uri == "/v1.0/payouts/transactionhistory?$filter=programName%20eq%20%27A%26B%20%2B%20100%25%27"
                    + "%20and%20earningForDate%20ge%202023-03-01&fileformat=tsv"
            )
            #expect(request.header("content-length") == "0")
            #expect(request.body.isEmpty)
            #expect(request.header("authorization") == "Bearer the-token")
            #expect(request.header("accept") == "application/json")
            #expect(request.header("ms-requestid") == "0b1c2d3e-4f50-4111-8222-a3b4c5d6e7f8")
            #expect(request.header("ms-correlationid") == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
            #expect(request.header("client-request-id") == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
        }
    }

    @Test(arguments: [(PayoutKind.payments, "payments"), (.transactionHistory, "transactionhistory")])
    func getAndDeleteRequestTheExport(kind: PayoutKind, segment: String) async throws {
        try await withStub({ request, _ in
            request.method == "GET"
                ? .answer(200, body: Self.envelope(status: "COMPLETED", blob: "https://a.example/f?sig=x"))
                : .answer(200)
        }) { server, transport in
            let client = try Self.client(server, transport)
            let export = try await client.get(kind: kind, requestID: Self.id, correlationID: Self.correlationID)
            #expect(export.isReady)
            #expect(export.blobLocation?.unredacted == "https://a.example/f?sig=x")
            try await client.delete(kind: kind, requestID: Self.id, correlationID: Self.correlationID)
            #expect(server.requests.map(\.method) == ["GET", "DELETE"])
            #expect(server.requests.allSatisfy { $0.uri == "/v1.0/payouts/\(segment)/\(Self.id)" })
        }
    }

    @Test func createWithoutAFilterOmitsTheParameter() async throws {
        try await withStub({ _, _ in .answer(202, body: Self.envelope()) }) { server, transport in
            _ = try await create(try Self.client(server, transport), filter: "  ")
            #expect(server.requests.first?.uri == "/v1.0/payouts/payments?fileformat=csv")
        }
    }

    @Test func typedFilterDeterminesTheKind() async throws {
        try await withStub({ _, _ in .answer(202, body: Self.envelope()) }) { server, transport in
            let client = try Self.client(server, transport)
            _ = try await client.create(
                filter: TransactionHistory.programName.eq("O'Brien"),
                idempotencyID: UUID(),
                correlationID: UUID()
            )
            #expect(
                server.requests.first?.uri
                    == "/v1.0/payouts/transactionhistory?$filter=programName%20eq%20%27O%27%27Brien%27&fileformat=csv"
            )
        }
    }

    @Test(arguments: ["", ".", "..", String(repeating: "x", count: 513)])
    func invalidIDIsRefusedBeforeARequest(id: String) async throws {
        try await withStub({ _, _ in .answer(200) }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.delete(kind: .payments, requestID: id, correlationID: UUID())
            }
            #expect(error.code == "rejected")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func specialCharactersInAnIDAreEncoded() async throws {
        try await withStub({ _, _ in .answer(200) }) { server, transport in
            let client = try Self.client(server, transport)
            try await client.delete(kind: .payments, requestID: "../x?y#z", correlationID: UUID())
            #expect(server.requests.first?.uri == "/v1.0/payouts/payments/..%2Fx%3Fy%23z")
        }
    }

    // MARK: - Envelopes

    static let unusualEnvelopes: [(String, [(String, String)])] = [
        (#"{"value":{"requestId":"\#(id)","status":"queued"}}"#, []),
        (#"[{"requestId":"\#(id)","status":"QUEUED"}]"#, []),
        (#"{"requestId":"\#(id)","status":"Queued"}"#, []),
        (#"{"RequestId":"\#(id)","Status":"Queued","future":{"a":[1,2,{}]}}"#, []),
        ("", [("location", "https://api.example/v1.0/payouts/payments/\(id)?x=1")]),
        ("not json", [("Location", "/v1.0/payouts/payments/\(id)/")]),
        (#"{"value":[]}"#, [("Location", id)]),
        ("\u{FEFF}" + #"{"value":[{"requestId":"\#(id)"}]}"#, []),
    ]

    @Test(arguments: unusualEnvelopes.indices)
    func createReadsEveryEnvelope(index: Int) async throws {
        let (body, headers) = Self.unusualEnvelopes[index]
        try await withStub({ _, _ in .answer(202, headers: headers, body: body) }) { server, transport in
            let export = try await create(try Self.client(server, transport))
            #expect(export.requestID == Self.id)
            #expect(export.status == .queued)
        }
    }

    @Test(arguments: ["", "{}", #"{"value":[]}"#, #"{"value":[{"status":"Queued"}]}"#, "<html></html>", "[", "null"])
    func createdExportWithoutAnIDIsAViolation(body: String) async throws {
        try await withStub({ _, _ in
            .answer(202, headers: [("location", "/v1.0/payouts/payments/")], body: body)
        }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await create(client) }
            #expect(error.code == "protocolViolation")
            #expect(error.recovery == .retryable)
        }
    }

    @Test(arguments: [
        "", "[]", #"{"value":[]}"#, #"{"value":[{"requestId":"other","status":"Completed"}]}"#, "nonsense",
    ])
    func answerAboutAnotherExportIsAViolation(body: String) async throws {
        try await withStub({ _, _ in .answer(200, body: body) }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
            #expect(error.code == "protocolViolation")
        }
    }

    @Test func statusIsReadInAnyCaseAndKeptWhenUnknown() async throws {
        let statuses: [(String, ExportStatus)] = [
            ("processing", .processing), ("COMPLETED", .completed), ("failed", .failed), ("Paused", .unknown("Paused")),
        ]
        for (text, status) in statuses {
            try await withStub({ _, _ in .answer(200, body: Self.envelope(status: text)) }) { server, transport in
                let export = try await get(try Self.client(server, transport))
                #expect(export.status == status)
                #expect(!export.isReady)
            }
        }
    }

    // MARK: - Statuses

    @Test(arguments: [
        (400, "rejected", Recovery.permanentForJob), (403, "forbidden", .permanentForJob),
        (404, "notFound", .permanentForJob), (408, "unavailable", .retryable), (409, "conflict", .retryable),
        (429, "throttled", .throttled), (500, "unavailable", .retryable), (502, "unavailable", .retryable),
        (503, "unavailable", .retryable), (504, "unavailable", .retryable), (302, "protocolViolation", .retryable),
        (415, "rejected", .permanentForJob), (410, "notFound", .permanentForJob),
    ])
    func everyStatusIsReportedAsItsError(status: Int, code: String, recovery: Recovery) async throws {
        try await withStub({ _, _ in
            .answer(
                status,
                headers: [("request-id", "r-1"), ("ms-correlationid", "c-1"), ("location", "http://192.0.2.1/")],
                body: #"{"error":{"code":"someCode","message":"some message"}}"#
            )
        }) { server, transport in
            let client = try Self.client(server, transport)
            let error = try await failure(of: PayoutAPIError.self) { try await get(client) }
            #expect(error.code == code)
            #expect(error.recovery == recovery)
            #expect(error.httpStatus == status)
            #expect(error.service?.code == "someCode")
            #expect(error.support.requestID == "r-1")
            #expect(error.support.msCorrelationID == "c-1")
            #expect(error.description.contains(Self.id))
            #expect(error.description.contains("r-1"))
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [400, 409])
    func deletionWhileProcessingIsAConflict(status: Int) async throws {
        try await withStub({ _, _ in .answer(status) }) { server, transport in
            let client = try Self.client(server, transport, retryPolicy: .standard)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.delete(kind: .payments, requestID: Self.id, correlationID: UUID())
            }
            #expect(error.code == "conflict")
            #expect(error.recovery == .retryable)
            #expect(server.requests.count == 1)
        }
    }
}
