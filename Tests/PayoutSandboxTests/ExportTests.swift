import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing

@Suite struct ExportTests {
    @Test func exportChangesItsStateOverTime() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.exports.queued = .fixed(.seconds(10))
        configuration.exports.processing = .fixed(.seconds(20))
        try await withSandbox(configuration) { _, client async throws in
            let filter = "payoutStatusUpdateTS ge 2023-03-01 and payoutStatusUpdateTS le 2023-04-12"
            let created = try await client.create(filter: filter, format: "csv")
            #expect(created.status == 202)
            #expect(created.json["totalCount"] as? Int == 1)
            #expect(created.json["nextLink"] is NSNull)
            #expect(created.exportStatus == "Queued")
            #expect(created.blobLocation == "")
            #expect(created.export["requestQueryString"] as? String == filter)
            #expect(created.export["requestPath"] as? String == "/v1.0/payouts/payments")
            #expect(created.export["requestDateTime"] as? String == "2026-11-18T11:06:40.0000000Z")
            #expect(created.export["processingStartDateTime"] == nil)
            clock.advance(by: .seconds(11))
            let processing = try await client.get(created.requestID)
            #expect(processing.status == 200)
            #expect(processing.exportStatus == "Processing")
            #expect(processing.export["processingStartDateTime"] as? String == "2026-11-18T11:06:50.0000000Z")
            clock.advance(by: .seconds(20))
            let completed = try await client.get(created.requestID)
            #expect(completed.exportStatus == "Completed")
            #expect(completed.blobLocation.hasPrefix("\(client.address.baseURL)/blobs/"))
        }
    }

    @Test func demoExportsTakeTwoToEightSeconds() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.demo
        configuration.clock = clock
        try await withSandbox(configuration) { sandbox, client async throws in
            for _ in 0..<20 { _ = try await client.create() }
            clock.advance(by: .milliseconds(1999))
            #expect(!sandbox.exports.map(\.state).contains(.completed))
            clock.advance(by: .milliseconds(6002))
            #expect(sandbox.exports.allSatisfy { $0.state == .completed })
        }
    }

    @Test func realisticExportsTakeADayAtMost() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.realistic
        configuration.clock = clock
        configuration.faults = []
        try await withSandbox(configuration) { sandbox, client async throws in
            for _ in 0..<20 { _ = try await client.create() }
            clock.advance(by: .seconds(24 * 3600))
            #expect(sandbox.exportCount == 20)
            #expect(sandbox.exports.allSatisfy { $0.state == .completed })
        }
    }

    @Test func creationCanReturnThePresentState() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.exports.createReturnsPresentState = true
        try await withSandbox(configuration) { _, client async throws in
            let created = try await client.create()
            #expect(created.exportStatus == "Completed")
            #expect(!created.blobLocation.isEmpty)
        }
    }

    @Test func repeatedIdempotencyIDReturnsTheFirstExport() async throws {
        try await withSandbox { sandbox, client async throws in
            let id = UUID().uuidString
            let first = try await client.create(idempotencyID: id)
            let second = try await client.create(idempotencyID: id.lowercased())
            #expect(second.status == 202)
            #expect(first.requestID == second.requestID)
            #expect(first.headers.first(name: "ms-requestid") == id)
            #expect(first.headers.first(name: "request-id") != nil)
            let facts = try #require(sandbox.export(requestID: first.requestID))
            #expect(facts.idempotencyID == id.lowercased())
            #expect(facts.exportsOfIdempotencyID == 1)
            #expect(facts.requestsOfIdempotencyID == 2)
            #expect(sandbox.stats.repeatedCreates == 1)
            let other = try await client.create(filter: "paymentAmount gt 1", idempotencyID: id)
            #expect(other.status == 400)
            #expect(sandbox.stats.idempotencyConflicts == 1)
        }
    }

    @Test func repeatedIdempotencyIDCreatesAnotherExportWhenDisabled() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.updateExports { $0.honoursIdempotency = false }
            let id = UUID().uuidString
            let first = try await client.create(idempotencyID: id)
            let second = try await client.create(idempotencyID: id)
            #expect(first.requestID != second.requestID)
            #expect(sandbox.stats.duplicateExports == 1)
            #expect(sandbox.exports.map(\.exportsOfIdempotencyID) == [2, 2])
        }
    }

    @Test(arguments: [PayoutSandbox.ExportBehaviour.DeleteRefusal.badRequest, .conflict])
    func deletionIsRefusedWhileProcessing(refusal: PayoutSandbox.ExportBehaviour.DeleteRefusal) async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.exports.queued = .fixed(.seconds(10))
        configuration.exports.processing = .fixed(.seconds(10))
        configuration.exports.deleteRefusal = refusal
        try await withSandbox(configuration) { sandbox, client async throws in
            let queued = try await client.create().requestID
            let other = try await client.create().requestID
            #expect(try await client.delete(queued).status == 200)
            #expect(try await client.get(queued).status == 404)
            #expect(try await client.delete(queued).status == 404)
            clock.advance(by: .seconds(15))
            #expect(try await client.delete(other).status == refusal.rawValue)
            #expect(try await client.get(other).exportStatus == "Processing")
            clock.advance(by: .seconds(15))
            let url = try await client.get(other).blobLocation
            #expect(try await client.delete(other).status == 200)
            #expect(try await client.send(.GET, url).status == 404)
            #expect(sandbox.stats.exportsDeleted == 2)
            #expect(sandbox.stats.deletesRefused == 1)
            #expect(sandbox.exports.map(\.state) == [.deleted, .deleted])
        }
    }

    @Test func repetitionAfterADeletionCreatesAnotherExport() async throws {
        try await withSandbox { _, client async throws in
            let id = UUID().uuidString
            let first = try await client.create(idempotencyID: id)
            _ = try await client.delete(first.requestID)
            #expect(try await client.create(idempotencyID: id).requestID != first.requestID)
        }
    }

    @Test(arguments: [
        "payoutStatusUpdateTS ge", "payoutStatusUpdateTS is 2023-01-01", "(paymentAmount gt 1", "paymentAmount gt 1)",
        "",
        "programName eq 'open", "paymentAmount gt 1 paymentAmount lt 2", "and", "paymentAmount eq 1 and",
        "paymentAmount eq #", "1 eq 1", "paymentAmount eq paymentAmount",
        // Fields that payments does not have, and values of another type.
        "unknownField eq 'x'", "paymentDate ge 2023-03-01", "earningForDate ge 2023-03-01", "PaymentAmount gt 1",
        "paymentAmount gt '1'", "payoutStatusUpdateTS ge '2023-03-01'", "payoutStatusUpdateTS ge 2023-02-30",
        "programName eq 5", "paymentAmount eq true", "paymentAmount gt 1.2.3",
    ])
    func malformedFiltersAreRefused(filter: String) async throws {
        try await withSandbox { _, client async throws in
            let answer = try await client.create(filter: filter)
            #expect(answer.status == 400)
            #expect(answer.errorCode == "invalidRequest")
            let error = answer.json["error"] as? [String: Any]
            #expect(error?["target"] as? String == "$filter")
            #expect(error?["innerError"] is [String: Any])
        }
    }

    @Test(arguments: [
        "earningForDate ge 2023-03-01 and (earningAmount gt 1.5 or paymentId eq 'O''Neill & Söhne+1')",
        "enrollmentParticipantId eq 'x' or enrollmentParticipantId eq 123", "not (earningAmount eq 1)",
        "earningForDate ge 2019-01-27T23:16:31.009Z", "earningForDate lt 2023-03-01T09:30Z", "paymentId ne null",
    ])
    func wellFormedFiltersAreReturnedUnchanged(filter: String) async throws {
        try await withSandbox { sandbox, client async throws in
            let answer = try await client.create(SandboxClient.history, filter: filter, format: "TSV")
            #expect(answer.status == 202)
            #expect(answer.export["requestQueryString"] as? String == filter)
            #expect(sandbox.exports.first?.filter == filter)
            #expect(sandbox.exports.first?.fileFormat == "tsv")
            #expect(sandbox.exports.first?.kind == .transactionHistory)
        }
    }

    @Test func badRequestsAreRefused() async throws {
        try await withSandbox { sandbox, client async throws in
            #expect(try await client.create(format: "xlsx").status == 400)
            #expect(try await client.create(idempotencyID: "no-guid").status == 400)
            let twice = SandboxClient.payments + "?fileformat=csv&fileformat=tsv"
            #expect(try await client.send(.POST, twice, headers: client.authorization).status == 400)
            #expect(try await client.get("no-guid").status == 400)
            #expect(try await client.get(UUID().uuidString).status == 404)
            #expect(try await client.send(.GET, SandboxClient.payments, headers: client.authorization).status == 405)
            #expect(try await client.send(.GET, "/elsewhere").status == 404)
            #expect(sandbox.exportCount == 0)
        }
    }

    @Test func creationWithoutALengthIsRefused() async throws {
        try await withSandbox { sandbox, client async throws in
            let head = "POST /v1.0/payouts/payments HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n"
            let text = try await rawExchange(
                client.address,
                "\(head)Authorization: Bearer \(client.token)\r\n\r\n"
            )
            #expect(text.hasPrefix("HTTP/1.1 411 "))
            #expect(sandbox.exportCount == 0)
        }
    }

    @Test func accountSeesOnlyItsOwnExports() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        var second = PayoutSandbox.Account(name: "second")
        second.username = "second@contoso.example"
        second.refreshToken = nil
        configuration.accounts.append(second)
        try await withSandbox(configuration) { sandbox, client async throws in
            let created = try await client.create()
            var other = client
            let form = passwordForm(["username": "SECOND@contoso.example"])
            let answer = try await client.post(form, to: tokenPathV1)
            other.token = answer.json["access_token"] as? String ?? ""
            #expect(try await other.get(created.requestID).status == 404)
            #expect(try await other.create().status == 202)
            #expect(sandbox.exports.map(\.account) == ["default", "second"])
            // The kind is part of the identity too.
            #expect(try await client.get(created.requestID, SandboxClient.history).status == 404)
        }
    }

    @Test func markersInTheFilterDetermineTheEnd() async throws {
        try await withSandbox { _, client async throws in
            let failed = try await client.create(filter: "programName eq 'sandbox-fail'")
            #expect(try await client.get(failed.requestID).exportStatus == "Failed")
            let vanished = try await client.create(filter: "programName eq 'sandbox-vanish'")
            #expect(try await client.get(vanished.requestID).status == 404)
        }
    }

    @Test func probabilitiesDetermineTheEnd() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.seed = 7
        configuration.exports.failureProbability = 0.3
        configuration.exports.vanishProbability = 0.3
        try await withSandbox(configuration) { sandbox, client async throws in
            for _ in 0..<100 { _ = try await client.create() }
            let states = sandbox.exports.map(\.state)
            #expect((10...60).contains(states.count { $0 == .failed }))
            #expect((5...60).contains(states.count { $0 == .vanished }))
            #expect(states.contains(.completed))
        }
    }

    @Test func completedExportCanLackItsFile() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.exports.emptyBlobLocationPolls = 2
        try await withSandbox(configuration) { _, client async throws in
            let id = try await client.create().requestID
            for _ in 0..<2 {
                let answer = try await client.get(id)
                #expect(answer.exportStatus == "Completed")
                #expect(answer.blobLocation == "")
            }
            #expect(try await client.get(id).blobLocation != "")
        }
    }

    @Test(arguments: [PayoutSandbox.Fault.RetryAfter.seconds(1), .date(secondsFromNow: 1), nil])
    func rateLimitAppliesPerTypeOfCall(form: PayoutSandbox.Fault.RetryAfter?) async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        configuration.rateLimit = PayoutSandbox.RateLimit(requestsPerSecond: 0.5, burst: 2, retryAfter: form)
        try await withSandbox(configuration) { sandbox, client async throws in
            let id = try await client.create().requestID
            #expect(try await client.create().status == 202)
            let refused = try await client.create()
            #expect(refused.status == 429)
            let expected: String? =
                switch form {
                case .seconds: "2"
                case .date: "Wed, 18 Nov 2026 11:06:42 GMT"
                case nil: nil
                }
            #expect(refused.headers.first(name: "Retry-After") == expected)
            #expect(try await client.get(id).status == 200)
            clock.advance(by: .seconds(2))
            #expect(try await client.create().status == 202)
            #expect(sandbox.stats.rateLimited == 1)
        }
    }
}
