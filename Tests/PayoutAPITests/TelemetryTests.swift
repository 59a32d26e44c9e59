import Foundation
import HTTPStandIns
import PayoutFilters
import Synchronization
import Testing
import Tracing

@testable import PayoutAPI

/// The spans and durations of calls and downloads.
@Suite(.bothTransports) struct TelemetryTests {
    let capture = TelemetryCapture.shared

    /// The spans of requests to one server; other tests record spans of other servers.
    func spans(to server: StubServer) -> [CapturedSpan] {
        self.capture.spans.withLock { $0.filter { $0.text.contains(":\(server.port)/") } }
    }

    @Test func callsAreTracedByOpenTelemetrysConventions() async throws {
        try await withStub({ request, _ in
            request.method == "GET" ? .answer(404) : .answer(202, body: PayoutClientTests.envelope())
        }) { server, transport in
            let client = try PayoutClientTests.client(server, transport)
            _ = try await client.create(
                kind: .payments,
                filter: "paymentId eq '1'",
                idempotencyID: UUID(),
                correlationID: UUID()
            )
            _ = try await failure(of: PayoutAPIError.self) {
                try await client.get(kind: .payments, requestID: "abc", correlationID: UUID())
            }
            let spans = self.spans(to: server)
            #expect(
                spans.map(\.operationName) == ["POST /v1.0/payouts/payments", "GET /v1.0/payouts/payments/{requestId}"]
            )
            #expect(spans.allSatisfy { $0.hasEnded })
            #expect(spans.map(\.isFailed) == [false, true])
            let attributes = spans[0].attributes
            #expect(attributes.get("http.request.method") == .string("POST"))
            #expect(attributes.get("http.response.status_code") == .int64(202))
            #expect(attributes.get("server.address") == .string("127.0.0.1"))
            #expect(attributes.get("server.port") == .int64(Int64(server.port)))
            #expect(spans[1].attributes.get("error.type") == .string("404"))
            #expect(server.requests.allSatisfy { $0.header("traceparent") == "00-trace-span-01" })
        }
    }

    @Test func downloadsAreTracedWithoutTheirSignature() async throws {
        try await withStub({ _, index in
            index == 0 ? .close : .bytes(200, body: [1])
        }) { server, transport in
            let url = BlobDownloaderTests.url(server)
            _ = try await BlobDownloaderTests.downloader(transport).download(url, to: MemoryConsumer())
            let spans = self.spans(to: server)
            #expect(spans.count == 2)
            #expect(spans[0].attributes.get("error.type") == .string("closed"))
            #expect(spans[1].attributes.get("url.full") == .string(url.description))
            #expect(spans.allSatisfy { !$0.text.contains("c2VjcmV0") && $0.hasEnded })
            // The storage belongs to another party, so it is not sent the trace context.
            #expect(server.requests.allSatisfy { $0.header("traceparent") == nil })
        }
    }

    @Test func durationsAreRecordedByMethodAndStatus() async throws {
        try await withStub({ _, index in
            index == 0 ? .answer(418) : .close
        }) { server, transport in
            let client = try PayoutClientTests.client(server, transport)
            for _ in 0..<2 {
                _ = try await failure(of: PayoutAPIError.self) {
                    try await client.delete(kind: .payments, requestID: "a", correlationID: UUID())
                }
            }
            let measurements = self.capture.measurements.withLock { $0 }
            let common = ["http.request.method": "DELETE", "server.address": "127.0.0.1"]
            for expected in [
                ["http.response.status_code": "418", "error.type": "418"], ["error.type": "closed"],
            ] {
                let dimensions = common.merging(expected) { first, _ in first }
                #expect(
                    measurements.contains {
                        $0.label == "http.client.request.duration" && $0.dimensions == dimensions && $0.nanoseconds >= 0
                    }
                )
            }
        }
    }
}
