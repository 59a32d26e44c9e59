import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif
import PayoutSandbox
import Testing

@testable import payout_worker

extension WorkersEndToEnd {
    /// A worker with the most verbose log and a faulty service: no output contains a secret.
    @Suite struct SecrecyTests {
        private static let planted = ["password": "Pl4nted+Passw0rd/%&=", "secret": "Pl4nted~Client&Secret="]

        @Test func outputOfAWorkerContainsNoSecret() async throws {
            try await WorkerFixture.with { fixture in
                fixture.sandbox.updateAccount("default") { account in
                    account.password = Self.planted["password"] ?? ""
                    account.clientSecret = Self.planted["secret"]
                }
                fixture.sandbox.faults = [
                    .init(.status(401), count: 1), .init(.status(503, body: .html), probability: 0.3),
                    .init(.lostAnswer, probability: 0.1),
                    .init(.status(403, body: .nested), on: [.blob], count: 2), .init(.expiredURL, count: 1),
                    .init(.blobBreaks(after: 0.5), count: 1), .init(.wrongMD5, count: 1),
                ]
                var environment = fixture.environment
                environment["LOG_LEVEL"] = "trace"
                environment["PAYOUT_API_AUTHENTICATION"] = "password"
                environment["PAYOUT_API_PASSWORD"] = Self.planted["password"]
                environment["PAYOUT_API_CLIENT_SECRET"] = Self.planted["secret"]
                let worker = try Command(["run"], environment: environment)
                let waited = try await fixture.run(
                    "enqueue",
                    "--count",
                    "12",
                    "--prefix",
                    "s",
                    "--wait",
                    "--timeout",
                    "10m",
                    "-o",
                    "json"
                )
                let pages = try await Self.pages(of: worker)
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                // The faults are transient, so no job fails. Events of failed jobs would contain the URL.
                let events = try waited.objects()
                #expect(events.count == 12, "\(waited.errors)")
                #expect(events.allSatisfy { $0["status"] as? String == "completed" }, "\(waited.output)")
                #expect(ended.errors.utf8.count > 2_000)
                for (place, text) in pages + [
                    ("standard output", ended.output), ("the log", ended.errors), ("the events", waited.output),
                ] {
                    #expect(Self.leaks(in: text) == [], "in \(place)")
                }
            }
        }

        @Test func leakedSecretIsDetected() {
            #expect(Self.leaks(in: "url=http://127.0.0.1/f?se=2026&sig=abc%3D x").count == 1)
            #expect(Self.leaks(in: "sig=REDACTED Bearer REDACTED").isEmpty)
            #expect(Self.leaks(in: "password=Pl4nted%2BPassw0rd").count == 1)
            #expect(Self.leaks(in: "Authorization: Bearer abc").count == 1)
        }

        /// The responses of the worker's console.
        private static func pages(of worker: Command) async throws -> [(String, String)] {
            let mark = "http://127.0.0.1:"
            let line = worker.errors.split(separator: "\n").first { $0.contains("The console listens") }
            let text = try #require(line, "the log does not contain the console's address")
            let rest = text.components(separatedBy: "port").last ?? ""
            let number = rest.drop { !$0.isNumber }.prefix { $0.isNumber }
            let port = try #require(Int(number), "no port in: \(text)")
            var pages: [(String, String)] = []
            for path in ["/metrics", "/api/status", "/", "/readyz", "/livez"] {
                let url = try #require(URL(string: "\(mark)\(port)\(path)"))
                let (data, _) = try await URLSession.shared.data(from: url)
                let page = String(decoding: data, as: UTF8.self)
                #expect(!page.isEmpty)
                pages.append((path, page))
            }
            return pages
        }

        /// Finds planted secrets by their common part, and signatures and tokens by their prefix.
        private static func leaks(in text: String) -> [String] {
            var found = text.contains("Pl4nted") ? ["a planted secret"] : []
            for lead in ["sig=", "Bearer "] {
                for part in text.components(separatedBy: lead).dropFirst() where !part.hasPrefix("REDACTED") {
                    found.append(lead + part.prefix(12))
                }
            }
            return found
        }
    }
}
