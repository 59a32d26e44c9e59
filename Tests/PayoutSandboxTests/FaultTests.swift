import AsyncHTTPClient
import Foundation
import NIOHTTP1
import PayoutSandbox
import Testing
import TestSupport

@Suite struct FaultTests {
    typealias Fault = PayoutSandbox.Fault

    @Test(arguments: [400, 401, 403, 404, 408, 429, 500, 502, 503, 504])
    func errorResponsesHappenAsOftenAsConfigured(status: Int) async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.add(Fault(.status(status), on: [.create], count: 2))
            #expect(try await client.create().status == status)
            #expect(try await client.create().status == status)
            #expect(sandbox.exportCount == 0)
            #expect(try await client.create().status == 202)
            #expect(sandbox.stats.faults == ["status": 2])
            #expect(sandbox.stats.answers[.create] == [status: 2, 202: 1])
            #expect(sandbox.faults.isEmpty)
        }
    }

    @Test func everyTypeOfCallCanFail() async throws {
        try await withSandbox { sandbox, client async throws in
            let id = try await client.create().requestID
            let url = try await client.get(id).blobLocation
            sandbox.faults = Fault.Call.allCases.map { Fault(.status(503), on: [$0], count: 1) }
            #expect(try await client.post(passwordForm(), to: tokenPathV1).status == 503)
            #expect(try await client.create().status == 503)
            #expect(try await client.get(id).status == 503)
            #expect(try await client.delete(id).status == 503)
            #expect(try await client.send(.GET, url).status == 503)
            #expect(try await client.send(.GET, url).status == 200)
        }
    }

    @Test func errorBodiesHaveTheConfiguredForm() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.faults = Fault.ErrorBody.allCases.map { Fault(.status(500, body: $0), on: [.create], count: 1) }
            let nested = try await client.create()
            #expect((nested.json["error"] as? [String: Any])?["code"] as? String == "generalException")
            let flat = try await client.create()
            #expect(flat.json["code"] as? String == "generalException")
            #expect(flat.json["description"] is String)
            #expect(try await client.create().body.isEmpty)
            let page = try await client.create()
            #expect(page.headers.first(name: "Content-Type") == "text/html")
            #expect(page.text.hasPrefix("<html>"))
        }
    }

    @Test func retryAfterHasTheConfiguredForm() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = PayoutSandbox.ManualClock()
        try await withSandbox(configuration) { sandbox, client async throws in
            sandbox.faults = [
                Fault(.status(429, retryAfter: .seconds(7)), count: 1),
                Fault(.status(429, retryAfter: .date(secondsFromNow: 7)), count: 1),
                Fault(.status(429), count: 1),
            ]
            #expect(try await client.create().headers.first(name: "Retry-After") == "7")
            let date = try await client.create().headers.first(name: "Retry-After")
            #expect(date == "Wed, 18 Nov 2026 11:06:47 GMT")
            #expect(try await client.create().headers.first(name: "Retry-After") == nil)
        }
    }

    @Test func lostAnswerHasAnEffectAndClosedConnectionHasNone() async throws {
        try await withSandbox { sandbox, client async throws in
            let id = UUID().uuidString
            sandbox.add(Fault(.lostAnswer, on: [.create], count: 1))
            await #expect(throws: (any Error).self) { try await client.create(idempotencyID: id) }
            #expect(sandbox.exportCount == 1)
            #expect(sandbox.stats.answers[.create] == [0: 1])
            let repeated = try await client.create(idempotencyID: id)
            #expect(repeated.requestID == sandbox.exports.first?.requestID)
            sandbox.add(Fault(.closed, on: [.create, .delete], count: 2))
            await #expect(throws: (any Error).self) { try await client.create() }
            await #expect(throws: (any Error).self) { try await client.delete(repeated.requestID) }
            #expect(sandbox.exportCount == 1)
            #expect(sandbox.exports.first?.state == .completed)
            sandbox.add(Fault(.status(504, afterEffect: true), on: [.delete], count: 1))
            #expect(try await client.delete(repeated.requestID).status == 504)
            #expect(sandbox.exports.first?.state == .deleted)
        }
    }

    @Test func slowAnswerIsSentAfterItsDelay() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        try await withSandbox(configuration) { sandbox, client async throws in
            sandbox.add(Fault(.slow(.seconds(90)), on: [.create], count: 1))
            async let answer = client.create()
            try await eventually { clock.sleeperCount == 1 }
            #expect(sandbox.exportCount == 1)
            clock.advance(by: .seconds(91))
            #expect(try await answer.status == 202)
        }
    }

    @Test func envelopesHaveTheConfiguredForm() async throws {
        try await withSandbox { sandbox, client async throws in
            for form in Fault.Envelope.allCases {
                sandbox.faults = [Fault(.envelope(form), on: [.create], count: 1)]
                let answer = try await client.create()
                let id = try #require(sandbox.exports.last?.requestID)
                #expect(answer.status == 202)
                switch form {
                case .documented: #expect(answer.requestID == id)
                case .valueObject: #expect((answer.json["value"] as? [String: Any])?["requestId"] as? String == id)
                case .bareObject: #expect(answer.json["requestId"] as? String == id)
                case .bareArray:
                    let array = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [[String: Any]]
                    #expect(array?.first?["requestId"] as? String == id)
                case .locationOnly:
                    #expect(answer.body.isEmpty)
                    #expect(answer.headers.first(name: "Location") == "/v1.0/payouts/payments/\(id)")
                }
            }
        }
    }

    @Test func statusesCanBeUnknownOrInAnotherCase() async throws {
        try await withSandbox { sandbox, client async throws in
            let id = try await client.create().requestID
            sandbox.add(Fault(.statusText("Validating"), on: [.get], count: 2))
            for _ in 0..<2 {
                let answer = try await client.get(id)
                #expect(answer.exportStatus == "Validating")
                #expect(answer.blobLocation == "")
            }
            sandbox.add(Fault(.statusCase(.upper), on: [.get], count: 1))
            #expect(try await client.get(id).exportStatus == "COMPLETED")
            sandbox.add(Fault(.statusCase(.lower), on: [.get], count: 1))
            #expect(try await client.get(id).exportStatus == "completed")
            sandbox.add(Fault(.emptyBlobLocation, count: 1))
            #expect(try await client.get(id).blobLocation == "")
            #expect(try await client.get(id).blobLocation != "")
        }
    }

    @Test func exportsFailOrVanishWithAFault() async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.add(Fault(.exportFails, count: 1))
            let failed = try await client.create().requestID
            #expect(try await client.get(failed).exportStatus == "Failed")
            let other = try await client.create().requestID
            sandbox.add(Fault(.exportVanishes, count: 1))
            #expect(try await client.get(other).status == 404)
            #expect(try await client.get(other).status == 404)
            #expect(sandbox.export(requestID: other)?.state == .vanished)
            let third = try await client.create().requestID
            #expect(sandbox.deleteExport(requestID: third))
            #expect(try await client.get(third).status == 404)
        }
    }

    @Test func downloadEndsEarlyWithAFault() async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-400000'")
            sandbox.add(Fault(.blobBreaks(after: 0.5), count: 1))
            await #expect(throws: (any Error).self) { try await client.send(.GET, url) }
            try await eventually { sandbox.stats.blobBytes == 200_000 }
            #expect(sandbox.stats.completedDownloads == 0)
            #expect(try await client.send(.GET, url).body.count == 400_000)
        }
    }

    @Test func downloadPausesWithAFault() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        try await withSandbox(configuration) { sandbox, client async throws in
            let url = try await client.fileURL()
            sandbox.add(Fault(.blobStalls(.seconds(60)), count: 1))
            async let answer = client.send(.GET, url)
            try await eventually { clock.sleeperCount == 1 }
            #expect(sandbox.stats.completedDownloads == 0)
            clock.advance(by: .seconds(61))
            #expect(try await answer.body.count == 4096)
        }
    }

    @Test func downloadIsSentByteByByteWithAFault() async throws {
        let clock = PayoutSandbox.ManualClock()
        var configuration = PayoutSandbox.Configuration.instant
        configuration.clock = clock
        try await withSandbox(configuration) { sandbox, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-300'")
            let whole = try await client.send(.GET, url).body
            sandbox.add(Fault(.blobTrickles(.seconds(20)), count: 1))
            async let answer = client.send(.GET, url)
            for _ in 0..<whole.count {
                try await eventually { clock.sleeperCount == 1 }
                clock.advance(by: .seconds(21))
            }
            #expect(try await answer.body == whole)
        }
    }

    @Test func pageIsSentInsteadOfTheFile() async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL()
            sandbox.add(Fault(.blobPage, count: 1))
            let page = try await client.send(.GET, url)
            #expect(page.status == 200)
            #expect(page.headers.first(name: "Content-Type")?.hasPrefix("text/html") == true)
            #expect(page.text.hasPrefix("<!DOCTYPE html>"))
            #expect(try await client.send(.GET, url).text.hasPrefix("<") == false)
        }
    }

    @Test(arguments: [(1.0, 5000), (0.5, 2500), (0.0, 0)])
    func answerWithoutLengthEndsWithItsConnection(share: Double, count: Int) async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL(filter: "programName eq 'sandbox-size-5000'")
            let whole = try await client.send(.GET, url).body
            sandbox.add(Fault(.blobUnframed(after: share), count: 1))
            let answer = try await client.send(.GET, url)
            #expect(answer.body == Array(whole.prefix(count)))
            for name in ["Content-Length", "Transfer-Encoding", "Content-MD5"] { #expect(answer.headers[name].isEmpty) }
            #expect(try await client.send(.GET, url).body == whole)
        }
    }

    @Test func pollReturnsTheConfiguredURL() async throws {
        try await withSandbox { sandbox, client async throws in
            let id = try await client.create().requestID
            sandbox.add(Fault(.blobLocation("file:///etc/passwd"), count: 1))
            #expect(try await client.get(id).blobLocation == "file:///etc/passwd")
            #expect(try await client.get(id).blobLocation.hasPrefix("http://127.0.0.1"))
        }
    }

    @Test func checksumsCanBeWrongAndURLsExpired() async throws {
        try await withSandbox { sandbox, client async throws in
            let url = try await client.fileURL()
            let right = try await client.send(.GET, url).headers.first(name: "Content-MD5")
            sandbox.add(Fault(.wrongMD5, count: 1))
            let wrong = try await client.send(.GET, url).headers.first(name: "Content-MD5")
            #expect(wrong != nil && wrong != right)
            sandbox.add(Fault(.expiredURL, count: 1))
            #expect(try await client.send(.GET, url).status == 403)
            #expect(try await client.send(.GET, url).status == 200)
        }
    }

    @Test(arguments: PayoutSandbox.SignInError.allCases)
    func everySignInErrorCanBeInjected(error: PayoutSandbox.SignInError) async throws {
        try await withSandbox { sandbox, client async throws in
            sandbox.add(Fault(.signInError(error), count: 1))
            let answer = try await client.post(passwordForm(), to: tokenPathV1)
            #expect(answer.signInCode == error.rawValue)
            #expect((400...401).contains(answer.status))
            #expect(try await client.post(passwordForm(), to: tokenPathV1).status == 200)
        }
    }

    @Test func sameSeedRepeatsTheFaults() async throws {
        func statuses() async throws -> [Int] {
            var configuration = PayoutSandbox.Configuration.instant
            configuration.seed = 42
            configuration.faults = [Fault(.status(503), on: [.create], probability: 0.4)]
            var statuses: [Int] = []
            try await withSandbox(configuration) { _, client async throws in
                for _ in 0..<50 { statuses.append(try await client.create().status) }
            }
            return statuses
        }
        let first = try await statuses()
        #expect(first.contains(503) && first.contains(202))
        #expect(try await statuses() == first)
    }
}
