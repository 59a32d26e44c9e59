import Foundation
import HTTPStandIns
import NIOCore
import Primitives
import PayoutFilters
import Testing
import TestSupport

@testable import EntraIdentity
@testable import PayoutAPI

/// The envelopes of exports in the service's answers.
@Suite struct ExportEnvelopeTests {
    static let documented = """
        {
          "value": [
            {
              "requestId": "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4",
              "requestDateTime": "2023-05-25T21:20:46.3727561Z",
              "processingStartDateTime": "2023-05-25T21:21:00Z",
              "requestPath": "/v1.0/payouts/payments",
              "requestQueryString": "programName eq 'A \\"B\\" \\u00e9\\ud83d\\ude00'",
              "blobLocation": "https://a.blob.core.windows.net/c/f.csv?sig=x\\u0026se=1",
              "status": "Completed"
            }
          ],
          "nextLink": null,
          "totalCount": 1
        }
        """

    @Test func documentedEnvelopeIsRead() throws {
        let envelope = try ExportEnvelope(ByteBuffer(string: Self.documented))
        let item = try #require(envelope.items.first)
        let export = Export(item, kind: .payments, requestID: item.requestID ?? "", defaultStatus: .queued)
        #expect(export.requestID == "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4")
        #expect(export.queryString == "programName eq 'A \"B\" é😀'")
        #expect(export.requestPath == "/v1.0/payouts/payments")
        #expect(export.blobLocation?.unredacted == "https://a.blob.core.windows.net/c/f.csv?sig=x&se=1")
        #expect(export.isReady)
        let asked = try #require(export.requestDateTime)
        #expect(abs(asked.timeIntervalSince1970 - 1_685_049_646.372_756_1) < 1e-6)
        #expect(export.processingStartDateTime?.timeIntervalSince1970 == 1_685_049_660)
    }

    @Test func completedExportWithoutALocationIsNotReady() throws {
        for blob in ["\"\"", "\"  \"", "null"] {
            let body = "{\"value\":[{\"requestId\":\"a\",\"status\":\"Completed\",\"blobLocation\":\(blob)}]}"
            let item = try #require(try ExportEnvelope(ByteBuffer(string: body)).items.first)
            let export = Export(item, kind: .payments, requestID: "a", defaultStatus: .queued)
            #expect(export.status == .completed)
            #expect(!export.isReady)
        }
    }

    @Test func everyExportOfAnAnswerIsRead() throws {
        let body = #"{"value":[{"requestId":"a"},null,7,{"requestId":"b"}]}"#
        #expect(try ExportEnvelope(ByteBuffer(string: body)).items.map(\.requestID) == ["a", "b"])
    }

    @Test(arguments: [
        "", " ", "{", "[", "{\"a\"", "{\"a\":", "{\"a\":1", "\"x\"", "1", "nul", "{\"value\":[{\"requestId\":\"a}]}",
        "}", "{\"a\":1,,}", "[1,,]", "[,]", "{a:1}",
    ])
    func brokenJSONIsAnError(body: String) {
        #expect(throws: JSONSyntaxError.self) { try ExportEnvelope(ByteBuffer(string: body)) }
    }

    @Test func deepNestingIsAnError() throws {
        func nested(_ depth: Int) -> ByteBuffer {
            ByteBuffer(
                string: "{\"x\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
            )
        }
        #expect(try ExportEnvelope(nested(JSONReader.maximumDepth - 1)).items.isEmpty)
        #expect(throws: JSONSyntaxError.self) { try ExportEnvelope(nested(JSONReader.maximumDepth)) }
        #expect(throws: JSONSyntaxError.self) { try ExportEnvelope(nested(200_000)) }
    }

    /// Bytes are changed, removed and repeated at random: the reader may return or throw, and must not crash.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func mutatedEnvelopeIsReadOrRefused(seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        let original = Array(Self.documented.utf8)
        for _ in 0..<500 {
            // Other tests share the cooperative threads.
            await Task.yield()
            var bytes = original
            for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(index...)
                case 2: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
                default: bytes[index] = Array("{}[]\",:\\u0".utf8).randomElement(using: &random) ?? 0
                }
            }
            let body = ByteBuffer(bytes: bytes)
            if let envelope = try? ExportEnvelope(body) {
                for item in envelope.items {
                    _ = Export(item, kind: .payments, requestID: "x", defaultStatus: .queued).description
                }
            }
            _ = ServiceError(body: body, secrets: ["x"])
            _ = TokenAnswer(body).failure(status: 400, account: "a", retryAfter: nil, secrets: [])
        }
    }
}

extension Export {
    fileprivate var description: String {
        "\(self.status) \(self.blobLocation?.description ?? "") \(self.blobLocation?.fileName ?? "")"
            + "\(self.blobLocation?.expiresAt?.description ?? "")"
    }
}
