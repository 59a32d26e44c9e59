import Foundation
import HTTPAccess
import HTTPStandIns
import PayoutFilters
import PayoutSandbox
import Testing

@testable import PayoutAPI

/// The documented facts about calls, headers and envelopes, each tested with the sandbox over a socket.
@Suite(.bothTransports) struct CallFactsTests {
    typealias Fault = PayoutSandbox.Fault

    private func create(
        _ client: PayoutClient,
        _ kind: PayoutKind = .payments,
        filter: String? = nil,
        format: ExportFileFormat = .csv,
        id: UUID = UUID(),
        correlation: UUID = UUID()
    ) async throws -> Export {
        try await client.create(
            kind: kind,
            filter: filter,
            fileFormat: format,
            idempotencyID: id,
            correlationID: correlation
        )
    }

    private func get(_ client: PayoutClient, _ requestID: String, _ kind: PayoutKind = .payments) async throws -> Export
    {
        try await client.get(kind: kind, requestID: requestID, correlationID: UUID())
    }

    private func code(_ body: () async throws -> Void) async throws -> String {
        try await failure(of: PayoutAPIError.self, body).code
    }

    // MARK: - Resources

    @Test(arguments: PayoutKind.allCases, ExportFileFormat.allCases)
    func exportOfEachKindIsCreatedReadAndDeleted(kind: PayoutKind, format: ExportFileFormat) async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let created = try await create(client, kind, format: format)
            #expect(created.status == .queued)
            #expect(created.requestDateTime != nil)
            let seen = try await get(client, created.requestID, kind)
            #expect(seen.isReady)
            #expect(seen.requestID == created.requestID)
            #expect(seen.blobLocation?.expiresAt != nil)
            #expect(fixture.sandbox.exports.map(\.fileFormat) == [format.rawValue])
            #expect(fixture.sandbox.exports.map(\.kind.rawValue) == [kind.rawValue.lowercased()])
            // An export of the other kind has another path.
            let other: PayoutKind = kind == .payments ? .transactionHistory : .payments
            #expect(try await code { _ = try await get(client, created.requestID, other) } == "notFound")
            try await client.delete(kind: kind, requestID: created.requestID, correlationID: UUID())
            #expect(try await code { _ = try await get(client, created.requestID, kind) } == "notFound")
        }
    }

    @Test(arguments: [PayoutSandbox.ExportBehaviour.DeleteRefusal.badRequest, .conflict])
    func deletionIsRefusedWhileProcessing(refusal: PayoutSandbox.ExportBehaviour.DeleteRefusal) async throws {
        try await SandboxFixture.with {
            $0.exports.deleteRefusal = refusal
            $0.exports.processing = .fixed(.seconds(3600))
        } _: { fixture in
            let client = try fixture.client(retryPolicy: .standard)
            let created = try await create(client)
            #expect(try await get(client, created.requestID).status == .processing)
            let error = try await failure(of: PayoutAPIError.self) {
                try await client.delete(kind: .payments, requestID: created.requestID, correlationID: UUID())
            }
            #expect(error.code == "conflict")
            #expect(error.recovery == .retryable)
            #expect(fixture.sandbox.stats.deletesRefused == 1)
        }
    }

    @Test func exportDeletedInThePortalIsNotFound() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            fixture.sandbox.deleteExport(requestID: created.requestID)
            #expect(try await code { _ = try await get(client, created.requestID) } == "notFound")
            #expect(
                try await code {
                    try await client.delete(kind: .payments, requestID: created.requestID, correlationID: UUID())
                } == "notFound"
            )
        }
    }

    // MARK: - Envelopes

    @Test(arguments: Fault.Envelope.allCases)
    func everyEnvelopeIsRead(envelope: Fault.Envelope) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.envelope(envelope))] }) { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            #expect(created.status == .queued)
            #expect(fixture.sandbox.export(requestID: created.requestID) != nil)
            #expect(try await get(client, created.requestID).isReady)
        }
    }

    @Test(arguments: Fault.LetterCase.allCases)
    func statusIsReadInAnyCase(letterCase: Fault.LetterCase) async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.statusCase(letterCase))] }) { fixture in
            let client = try fixture.client()
            #expect(try await get(client, create(client).requestID).status == .completed)
        }
    }

    @Test func unknownStatusIsKept() async throws {
        try await SandboxFixture.with({ $0.faults = [Fault(.statusText("Archived"), count: 2)] }) { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            #expect(created.status == .unknown("Archived"))
            let seen = try await get(client, created.requestID)
            #expect(seen.status == .unknown("Archived"))
            #expect(!seen.isReady)
            #expect(try await get(client, created.requestID).isReady)
        }
    }

    @Test func everyStatusOfAnExportIsRead() async throws {
        let clock = PayoutSandbox.ManualClock()
        try await SandboxFixture.with {
            $0.clock = clock
            $0.exports.queued = .fixed(.seconds(10))
            $0.exports.processing = .fixed(.seconds(10))
            $0.exports.emptyBlobLocationPolls = 1
        } _: { fixture in
            let client = try fixture.client()
            let created = try await create(client)
            let doomed = try await create(client, filter: "paymentId eq 'sandbox-fail'")
            #expect(try await get(client, created.requestID).status == .queued)
            clock.advance(by: .seconds(11))
            let processing = try await get(client, created.requestID)
            #expect(processing.status == .processing)
            #expect(processing.processingStartDateTime != nil)
            clock.advance(by: .seconds(10))
            // Completed, but the file's URL is still missing.
            let early = try await get(client, created.requestID)
            #expect(early.status == .completed)
            #expect(early.blobLocation == nil)
            #expect(!early.isReady)
            #expect(try await get(client, created.requestID).isReady)
            #expect(try await get(client, doomed.requestID).status == .failed)
        }
    }

    // MARK: - Headers

    @Test func bothIDsAreSentToTheService() async throws {
        try await SandboxFixture.with { fixture in
            let (id, correlation) = (UUID(), UUID())
            let created = try await create(try fixture.client(), id: id, correlation: correlation)
            let facts = try #require(fixture.sandbox.export(requestID: created.requestID))
            #expect(facts.idempotencyID?.lowercased() == id.uuidString.lowercased())
            #expect(facts.correlationID?.lowercased() == correlation.uuidString.lowercased())
            #expect(fixture.sandbox.stats.createsWithoutIdempotencyID == 0)
        }
    }

    @Test func repeatedIdempotencyIDCreatesNoSecondExport() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let id = UUID()
            let first = try await create(client, id: id)
            let second = try await create(client, id: id)
            let third = try await create(client)
            #expect(first.requestID == second.requestID)
            #expect(first.requestID != third.requestID)
            #expect(fixture.sandbox.exportCount == 2)
        }
    }

    @Test func supportHeadersAreInTheError() async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            let error = try await failure(of: PayoutAPIError.self) { try await get(client, UUID().uuidString) }
            #expect(error.support.requestID != nil)
            #expect(error.support.msCorrelationID == error.call.correlationID.uuidString.lowercased())
            #expect(error.support.msRequestID == error.call.idempotencyID.uuidString.lowercased())
            #expect(error.support.timestamp != nil)
        }
    }

    // MARK: - Filters

    @Test(arguments: PayoutKind.allCases)
    func everyFieldWithEveryOperatorIsAccepted(kind: PayoutKind) async throws {
        try await SandboxFixture.with { fixture in
            let client = try fixture.client()
            var sent: [String] = []
            for field in kind.fields {
                for op in ["eq", "ne", "gt", "ge", "lt", "le"] {
                    let value =
                        switch field.type {
                        case .string, .stringOrNumber: "'O''Neill & Söhne 100% +'"
                        case .number: "-12.5"
                        case .dateTime: "2019-01-27T23:16:31.009Z"
                        }
                    let filter = "\(field.name) \(op) \(value)"
                    #expect(ODataFilter.lint(filter, for: kind).allSatisfy { $0.severity == .warning })
                    sent.append(filter)
                }
            }
            for filter in sent { _ = try await create(client, kind, filter: filter) }
            #expect(fixture.sandbox.exports.map(\.filter) == sent)
        }
    }

    @Test func invalidFilterIsRejectedByTheService() async throws {
        try await SandboxFixture.with { fixture in
            let error = try await failure(of: PayoutAPIError.self) {
                try await create(
                    try fixture.client(retryPolicy: .standard),
                    filter: "payoutStatusUpdateTS = 2023-03-01"
                )
            }
            #expect(error.code == "rejected")
            #expect(error.recovery == .permanentForJob)
            #expect(error.service?.code == "invalidRequest")
            #expect(fixture.sandbox.stats.total(.create) == 1)
        }
    }
}
