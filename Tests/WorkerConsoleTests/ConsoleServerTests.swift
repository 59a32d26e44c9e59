import ExportCore
import Foundation
import Logging
import Synchronization
import Testing
import TestSupport
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("The console over a socket")
struct ConsoleServerTests {
    private static let routes = [
        "/", "/dashboard.css", "/dashboard.js", "/livez", "/readyz", "/metrics", "/api/status", "/api/fleet",
        "/api/jobs",
        "/api/jobs?state=rejected", "/api/jobs/job-1", "/api/jobs/unknown", "/nothing",
    ]

    @Test func everyRouteAnswers() async throws {
        let source = FakeSource()
        source.set { $0.record = (3, Sample.record()) }
        try await withConsole(source) { port in
            let expected = [
                "/": (200, "text/html; charset=utf-8"), "/dashboard.css": (200, "text/css; charset=utf-8"),
                "/dashboard.js": (200, "text/javascript; charset=utf-8"), "/livez": (200, "application/json"),
                "/readyz": (200, "application/json"), "/metrics": (200, "text/plain; version=0.0.4; charset=utf-8"),
                "/api/status": (200, "application/json"), "/api/status?x=1": (200, "application/json"),
                "/api/jobs/job-1": (200, "application/json"), "/api/jobs/job%2D1": (200, "application/json"),
                "/api/fleet": (200, "application/json"), "/api/fleet?scope=worker": (200, "application/json"),
                "/api/jobs": (200, "application/json"), "/api/jobs?state=open&limit=5": (200, "application/json"),
                "/api/jobs?state=unheard-of": (400, "application/json"), "/api/jobs?foo=1": (400, "application/json"),
                "/api/jobs/unknown": (404, "application/json"), "/api/jobs/": (400, "application/json"),
                "/api/jobs/a%2Fb": (400, "application/json"), "/api/jobs/%00": (400, "application/json"),
                "/nothing": (404, "application/json"), "/../etc/passwd": (404, "application/json"),
            ]
            for (path, (status, type)) in expected {
                let answer = try await RawClient.send(path, port: port)
                #expect(answer.status == status, "\(path)")
                #expect(answer.headers["content-type"] == type, "\(path)")
                #expect(!answer.body.isEmpty, "\(path)")
                if type == "application/json" {
                    #expect(throws: Never.self, "\(path)") {
                        try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                    }
                }
            }
        }
    }

    @Test func otherMethodsThanGetAndHeadAreRefused() async throws {
        try await withConsole { port in
            for path in Self.routes {
                let get = try await RawClient.send(path, port: port)
                let head = try await RawClient.send(path, method: "HEAD", port: port)
                #expect(head.status == get.status, "\(path)")
                #expect(head.body == "", "\(path)")
                #expect(head.headers["content-type"] == get.headers["content-type"], "\(path)")
            }
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let answer = try await RawClient.send("/api/status", method: method, port: port)
                #expect(answer.status == 405, "\(method)")
                #expect(answer.headers["allow"] == "GET, HEAD", "\(method)")
            }
            let stream = try await RawClient.send("/api/events", method: "HEAD", port: port)
            #expect(stream.status == 200)
            #expect(stream.headers["content-type"] == "text/event-stream; charset=utf-8")
        }
    }

    @Test func everyResponseHasTheSecurityHeaders() async throws {
        try await withConsole { port in
            for path in Self.routes {
                let headers = try await RawClient.send(path, port: port).headers
                let policy = try #require(headers["content-security-policy"])
                for directive in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
                    #expect(policy.contains(directive), "\(path)")
                }
                #expect(!policy.contains("unsafe"), "\(path)")
                #expect(headers["x-content-type-options"] == "nosniff", "\(path)")
                #expect(headers["referrer-policy"] == "no-referrer", "\(path)")
                #expect(headers["x-frame-options"] == "DENY", "\(path)")
                #expect(headers["access-control-allow-origin"] == nil, "\(path)")
                let isPage = ["/", "/dashboard.css", "/dashboard.js"].contains(path)
                #expect(headers["cache-control"] == (isPage ? "no-cache" : "no-store"), "\(path)")
            }
        }
    }

    @Test func pageLoadsNothingFromOtherHosts() {
        let page = Dashboard.page
        #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="))
        #expect(page.components(separatedBy: "<script").count == 2)
        #expect(page.contains(#"href="dashboard.css""#) && page.contains(#"src="dashboard.js""#))
        // A directive at the beginning applies to all files of the script.
        #expect(Dashboard.script.hasPrefix("'use strict';"))
        for text in [page, Dashboard.style, Dashboard.script] {
            let rest = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            #expect(!rest.contains("http://") && !rest.contains("https://") && !rest.contains("@import"))
            #expect(!rest.contains("innerHTML") && !rest.contains("eval(") && !rest.contains("//cdn"))
        }
    }

    @Test func secretsAreNeverShown() async throws {
        let telemetry = Telemetry(build: BuildInfo(version: "1.2.3"), texts: CodeTexts())
        for observer in telemetry.observers {
            for report in Sample.reports { observer.report(report) }
            observer.observe(.commitFailed(reason: Planted.text))
            let problem = LogProblem(.other, subject: Planted.text, code: "CODE", message: Planted.text)
            observer.observe(.connection(problem: problem))
            observer.observe(.producer(problem: problem))
            observer.observe(.restoreFailing(partition: 1, problem))
            observer.observe(.beginFailing(partition: 0, problem))
        }
        var status = WorkerStatus.sample(
            partitions: [.sample(0), .sample(1, .stopped(reason: .stateUnreadable(offset: 1, cause: Planted.text)))],
            accounts: [.sample("default", problem: .refused(message: Planted.text))]
        )
        status.commitFailures = 5
        let source = FakeSource(status)
        source.set { state in
            state.record = (3, Sample.record())
            state.jobs = { _ in JobPage(jobs: [FakeSource.view(Sample.record(), 0)]) }
        }
        try await withConsole(source, telemetry: telemetry) { port in
            var answers: [String] = []
            for path in Self.routes { answers.append(try await RawClient.send(path, port: port).body) }
            let stream = try await RawClient.send("/api/events", port: port) {
                $0.components(separatedBy: "event: status").count > 2
            }
            answers.append(stream.body)
            for secret in Planted.all {
                #expect(!answers.contains { $0.contains(secret) }, "\(secret)")
            }
            // The texts themselves are shown, without which the check above would prove nothing.
            #expect(answers.filter { $0.contains("REDACTED") }.count >= 4)
            #expect(answers.contains { $0.contains("https://acct.blob.core.windows.net/exports/file.csv\"") })
        }
    }

    @Test func readinessReportsReasonsAndPartitions() async throws {
        let source = FakeSource(
            .sample(partitions: [
                .sample(0), .sample(7, .stopped(reason: .stateUnreadable(offset: 1, cause: "version 9 is not known"))),
            ])
        )
        try await withConsole(source) { port in
            let answer = try await RawClient.send("/readyz", port: port)
            #expect(answer.status == 503)
            let document = try JSONDecoder().decode(Ready.self, from: Data(answer.body.utf8))
            #expect(document.status == "notReady")
            #expect(document.reasons.map(\.code) == ["partitionStopped"])
            #expect(document.reasons.first?.partition == 7)
            #expect(document.reasons.first?.message.contains("version 9 is not known") == true)
            #expect(document.partitions.map(\.lifecycle) == ["active", "stopped"])
            #expect(document.partitions.allSatisfy { !$0.waitsFor.isEmpty })
            source.set { $0.status = .sample() }
            try await eventually { try await RawClient.send("/readyz", port: port).status == 200 }
        }
    }

    private struct Ready: Decodable {
        struct Reason: Decodable {
            var code: String
            var message: String
            var remedy: String
            var partition: Int?
        }

        struct Partition: Decodable {
            var partition: Int
            var lifecycle: String
            var waitsFor: String
        }

        var status: String
        var reasons: [Reason]
        var partitions: [Partition]
    }

    @Test func stuckEngineDoesNotBlockResponses() async throws {
        let source = FakeSource()
        source.set { $0.isSilent = true }
        try await withConsole(source, configure: { $0.patience = .milliseconds(200) }) { port in
            for path in ["/readyz", "/metrics", "/api/status", "/", "/livez"] {
                let answer = try await RawClient.send(path, port: port)
                #expect(answer.status == (path == "/readyz" ? 503 : 200), "\(path)")
            }
            #expect(try await RawClient.send("/api/jobs/job-1", port: port).status == 503)
            // One question is open, and no further one is asked.
            #expect(source.state.withLock { $0.questions } == 1)
        }
    }

    @Test func livenessDependsOnTheLoops() async throws {
        let heart = Heartbeat()
        let loop = HealthSource(name: "engine", heartbeat: heart, maximumAge: .milliseconds(1))
        try await withConsole(loops: [loop]) { port in
            let before = try await RawClient.send("/livez", port: port)
            #expect(before.status == 200)
            #expect(before.body.contains("\"starting\""))
            try await eventually {
                heart.beat()
                return loop.reading.hasBegun
            }
            try await eventually { try await RawClient.send("/livez", port: port).status == 503 }
            try await eventually { try await RawClient.send("/readyz", port: port).body.contains("loopStuck") }
        }
        let patient = HealthSource(name: "engine", heartbeat: heart, maximumAge: .seconds(3_600))
        try await eventually {
            heart.beat()
            return patient.reading.hasBegun
        }
        try await withConsole(loops: [patient]) { port in
            let answer = try await RawClient.send("/livez", port: port)
            #expect(answer.status == 200)
            #expect(answer.body.contains("\"beating\""))
        }
    }

    @Test func streamSendsRepeatedly() async throws {
        try await withConsole { port in
            let answer = try await RawClient.send("/api/events", port: port) {
                $0.components(separatedBy: "event: status").count > 3
            }
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
            #expect(answer.body.contains("retry: 2000"))
        }
    }

    @Test func streamsAreBounded() async throws {
        try await withConsole(configure: { $0.maximumStreams = 0 }) { port in
            let answer = try await RawClient.send("/api/events", port: port)
            #expect(answer.status == 503)
        }
    }

    @Test func openStreamDoesNotDelayTheStop() async throws {
        let open = AsyncStream.makeStream(of: Void.self)
        let reader = Box<Task<RawAnswer, any Error>?>(nil)
        try await withConsole { port in
            reader.value = Task {
                try await RawClient.send("/api/events", port: port) { text in
                    if text.contains("event: status") { open.continuation.yield() }
                    return false
                }
            }
            for await _ in open.stream { break }
        }
        _ = await reader.value?.result
    }

    @Test func usedPortIsReported() async throws {
        try await withConsole { port in
            var configuration = ConsoleConfiguration()
            configuration.port = port
            let second = ConsoleServer(
                configuration,
                source: FakeSource(),
                telemetry: Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts()),
                loops: [],
                logger: quietLogger
            )
            let error = await #expect(throws: ConsoleServerError.self) { try await second.run() }
            #expect(error == .addressInUse(host: "127.0.0.1", port: port))
        }
    }

    @Test(arguments: ["no-such-host.invalid", "203.0.113.7"])
    func invalidHostIsReported(host: String) async throws {
        var configuration = ConsoleConfiguration()
        configuration.host = host
        configuration.port = 0
        let server = ConsoleServer(
            configuration,
            source: FakeSource(),
            telemetry: Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts()),
            loops: [],
            logger: quietLogger
        )
        let error = await #expect(throws: ConsoleServerError.self) { try await server.run() }
        #expect(error == (host.hasSuffix("invalid") ? .unknownHost(host) : .foreignAddress(host)))
    }
}
