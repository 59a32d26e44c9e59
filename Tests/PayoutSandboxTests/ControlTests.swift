import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing

@Suite struct ControlTests {
    typealias Fault = PayoutSandbox.Fault

    @Test func journalListsExportsWithTheirFacts() async throws {
        try await withSandbox { _, client async throws in
            let id = UUID().uuidString
            let created = try await client.create(filter: "programName eq 'a\"b\\c'", idempotencyID: id)
            _ = try await client.get(created.requestID)
            let journal = try await client.send(.GET, "/_sandbox/journal")
            let exports = try #require(journal.json["exports"] as? [[String: Any]])
            #expect(exports.count == 1)
            #expect(exports.first?["requestId"] as? String == created.requestID)
            #expect(exports.first?["kind"] as? String == "payments")
            #expect(exports.first?["idempotencyId"] as? String == id.lowercased())
            #expect(exports.first?["filter"] as? String == "programName eq 'a\"b\\c'")
            #expect(exports.first?["looks"] as? Int == 1)
            #expect(exports.first?["state"] as? String == "Completed")
            let stats = try #require(journal.json["stats"] as? [String: Any])
            #expect(stats["exportsCreated"] as? Int == 1)
            let one = try await client.send(.GET, "/_sandbox/journal?requestId=\(created.requestID)")
            #expect(one.json["requestId"] as? String == created.requestID)
            #expect(try await client.send(.GET, "/_sandbox/journal?requestId=\(UUID())").status == 404)
        }
    }

    @Test func longJournalIsServedAsLinesAndAsOneDocument() async throws {
        try await withSandbox { _, client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { for _ in 0..<150 { _ = try await client.create() } }
                }
                try await group.waitForAll()
            }
            let lines = try await client.send(.GET, "/_sandbox/journal?format=jsonl").text.split(separator: "\n")
            #expect(lines.count == 1200)
            let ids = try lines.map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return object?["requestId"] as? String ?? ""
            }
            #expect(Set(ids).count == 1200)
            let document = try await client.send(.GET, "/_sandbox/journal").json["exports"] as? [[String: Any]]
            #expect(document?.compactMap { $0["requestId"] as? String } == ids)
        }
    }

    @Test func unknownControlPathsArePassedToTheConfiguredClosure() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.control = { request in
            guard request.path == "/_sandbox/other" else { return nil }
            return PayoutSandbox.ControlReply(
                status: 418,
                json: Array(#"{"method":"\#(request.method)"}"#.utf8) + request.body
            )
        }
        try await withSandbox(configuration) { _, client async throws in
            let answer = try await client.send(.POST, "/_sandbox/other", body: "[]")
            #expect(answer.status == 418)
            #expect(answer.text == #"{"method":"POST"}[]"#)
            // The sandbox answers paths that the closure does not know.
            #expect(try await client.send(.GET, "/_sandbox/stats").status == 200)
            #expect(try await client.send(.GET, "/_sandbox/nonsense").status == 404)
        }
    }

    @Test func statisticsCountAnswersAndFaults() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.add(Fault(.status(500), on: [.create], count: 1))
            _ = try await client.create()
            _ = try await client.create()
            let stats = try await client.send(.GET, "/_sandbox/stats").json
            let answers = stats["answers"] as? [String: [String: Int]]
            #expect(answers?["create"] == ["500": 1, "202": 1])
            #expect(answers?["token"] == ["200": 1])
            #expect(stats["faults"] as? [String: Int] == ["status": 1])
            #expect(stats["tokensIssued"] as? Int == 1)
            #expect(sandbox.stats.total(.create) == 2)
        }
    }

    @Test func faultsAreSetAndRemovedOverHTTP() async throws {
        try await withSandbox { sandbox, client async throws in
            let first = #"[{"kind":"status","status":503,"calls":["create"],"body":"html","count":1}]"#
            #expect(try await client.send(.PUT, "/_sandbox/faults", body: first).status == 200)
            let second = #"{"faults":[{"kind":"emptyBlobLocation","probability":0.5}]}"#
            let both = try await client.send(.POST, "/_sandbox/faults", body: second)
            #expect((both.json["faults"] as? [Any])?.count == 2)
            #expect(sandbox.faults.map(\.effect) == [.status(503, body: .html), .emptyBlobLocation])
            #expect(try await client.create().status == 503)
            #expect(try await client.create().status == 202)
            _ = try await client.send(.DELETE, "/_sandbox/faults")
            #expect(sandbox.faults.isEmpty)
            for wrong in [
                #"[{"kind":"blobTrickles","milliseconds":9223372036854775807}]"#,
                #"[{"kind":"slow","milliseconds":-1}]"#,
                #"[{"kind":"blobLocation"}]"#,
                "", "[{}]", #"[{"kind":"nothing"}]"#, #"[{"kind":"status","status":200}]"#, #"[{"kind":"slow"}]"#,
            ] {
                #expect(try await client.send(.PUT, "/_sandbox/faults", body: wrong).status == 400)
            }
        }
    }

    @Test func faultsSurviveEncodingAndDecoding() throws {
        let faults = [
            Fault(
                .status(429, body: .flat, retryAfter: .date(secondsFromNow: 3), afterEffect: true),
                probability: 0.25
            ),
            Fault(.status(429, retryAfter: .seconds(2)), count: 4), Fault(.lostAnswer), Fault(.closed, on: [.blob]),
            Fault(.slow(.milliseconds(1500))), Fault(.signInError(.consentRequired)), Fault(.envelope(.bareArray)),
            Fault(.statusText("Archived")), Fault(.statusCase(.lower)), Fault(.emptyBlobLocation), Fault(.exportFails),
            Fault(.exportVanishes), Fault(.blobBreaks(after: 0.75)), Fault(.wrongMD5), Fault(.expiredURL),
            Fault(.blobStalls(.seconds(2))), Fault(.blobTrickles(.seconds(20))), Fault(.blobPage),
            Fault(.blobUnframed(after: 0.5)), Fault(.blobLocation("https://elsewhere.example/x?sig=y")),
        ]
        let decoded = try JSONDecoder().decode([Fault].self, from: JSONEncoder().encode(faults))
        #expect(decoded == faults)
    }

    @Test func resetDeletesExportsAndFaultsButNotTokens() async throws {
        try await withSandbox { sandbox, client async throws in
            let created = try await client.create()
            sandbox.add(Fault(.status(500), on: [.get]))
            #expect(try await client.send(.POST, "/_sandbox/reset").status == 200)
            #expect(sandbox.exportCount == 0)
            #expect(sandbox.stats == PayoutSandbox.Stats())
            #expect(try await client.get(created.requestID).status == 404)
            _ = try await client.send(.POST, "/_sandbox/tokens/revoke")
            #expect(try await client.create().status == 401)
        }
    }

    @Test func controlPathsRefuseUnknownInputs() async throws {
        try await withSandbox { _, client async throws in
            #expect(try await client.send(.GET, "/_sandbox/elsewhere").status == 404)
            #expect(try await client.send(.GET, "/_sandbox/reset").status == 404)
            let giant = String(repeating: " ", count: 2 << 20)
            #expect(try await client.send(.PUT, "/_sandbox/faults", body: giant).status == 413)
        }
    }

    @Test func exportIsDeletedThroughAControlPath() async throws {
        try await withSandbox { _, client async throws in
            let id = try await client.create().requestID
            #expect(try await client.send(.DELETE, "/_sandbox/exports/\(id)").status == 200)
            #expect(try await client.get(id).status == 404)
            #expect(try await client.send(.DELETE, "/_sandbox/exports/nothing").status == 404)
        }
    }

    @Test func environmentPointsAClientToTheSandbox() async throws {
        try await withSandbox { _, client async throws in
            let environment = Dictionary(uniqueKeysWithValues: client.address.environment)
            let account = PayoutSandbox.Account()
            #expect(environment["PAYOUT_API_BASE_URL"] == "http://127.0.0.1:\(client.address.port)")
            #expect(environment["PAYOUT_API_AUTHORITY"] == client.address.authority)
            #expect(environment["PAYOUT_API_TENANT_ID"] == account.tenantID)
            #expect(environment["PAYOUT_API_CLIENT_ID"] == account.clientID)
            #expect(environment["PAYOUT_API_USERNAME"] == account.username)
            #expect(environment["PAYOUT_API_PASSWORD"] == account.password)
            #expect(environment["PAYOUT_API_BLOB_HOSTS"] == "127.0.0.1")
        }
    }
}
