import ExportCore
import Foundation
import Testing
import TestSupport
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("The console's connections")
struct ConsoleConnectionTests {
    @Test func idleConnectionsBeyondTheLimitAreClosedOldestFirstAndProbesAreAnswered() async throws {
        try await withConsole(configure: { $0.maximumConnections = 8 }) { port in
            let idle = try (0..<100).map { _ in try RawSocket(port: port) }
            // While the others are being accepted, a new connection may be closed too.
            try await eventually { (try? await RawClient.send("/livez", port: port).status) == 200 }
            try await eventually { idle.count { !$0.isClosed } <= 8 }
            let closed = idle[..<50].count { $0.isClosed }
            #expect(closed == 50)
        }
    }

    @Test(arguments: ["", "GET /livez HT", "GET /livez HTTP/1.1\r\nHost: localhost\r\n", "POST / HTTP/1.1\r\n"])
    func connectionWithoutAWholeRequestIsClosed(start: String) async throws {
        try await withConsole(configure: { $0.requestTimeout = .milliseconds(200) }) { port in
            let received = try await onThread {
                let socket = try RawSocket(port: port)
                if !start.isEmpty { try socket.send(start) }
                return try socket.read()
            }
            #expect(received == "")
        }
    }

    @Test func connectionIsClosedWhenItIsIdleAfterItsResponse() async throws {
        try await withConsole(configure: { $0.requestTimeout = .milliseconds(200) }) { port in
            // A slow machine may not send the request in time; then it is sent again.
            try await eventually {
                let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
                return (try? await RawClient.raw(request, port: port).status) == 200
            }
        }
    }

    @Test func streamIsClosedWhenItsClientDoesNotRead() async throws {
        func few(_ configuration: inout ConsoleConfiguration) {
            configuration.maximumStreams = 1
            configuration.interval = .milliseconds(1)
            configuration.writeTimeout = .milliseconds(300)
        }
        // A few events fill the buffers of the operating system.
        let account = WorkerStatus.Account.sample("default")
        let status = WorkerStatus.sample(accounts: Array(repeating: account, count: 2_000))
        try await withConsole(FakeSource(status), configure: few) { port in
            let silent = try RawSocket(port: port, receiveBuffer: 4_096)
            try silent.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            // It has the only place; another client gets the place once the server has given up writing.
            try await eventually { silent.unread.hasPrefix("HTTP/1.1 200") }
            try await eventually {
                (try? await RawClient.send("/api/events", port: port) { $0.contains("event: status") }.status) == 200
            }
            withExtendedLifetime(silent) {}
        }
    }

    @Test func streamsLeaveConnectionsForOtherRequests() async throws {
        try await withConsole(configure: { ($0.maximumConnections, $0.maximumStreams) = (8, 4) }) { port in
            let streams = try (0..<20).map { _ in
                let socket = try RawSocket(port: port)
                try socket.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return socket
            }
            try await eventually { (try? await RawClient.send("/livez", port: port).status) == 200 }
            #expect(streams.count == 20)
        }
    }

    @Test func stoppingWhileClientsConnectEndsEveryConnection() async throws {
        for _ in 0..<25 {
            var configuration = ConsoleConfiguration()
            configuration.port = 0
            configuration.maximumConnections = 1_000
            configuration.drain = .milliseconds(50)
            let server = ConsoleServer(
                configuration,
                source: FakeSource(),
                telemetry: Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts()),
                loops: [],
                logger: quietLogger
            )
            let isOver = Box(false)
            try await withThrowingTaskGroup { group in
                try await serving(server) { port in
                    for _ in 0..<8 {
                        group.addTask {
                            try await onThread {
                                var open: [RawSocket] = []
                                while !isOver.value, let socket = try? RawSocket(port: port) {
                                    try? socket.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                    open.append(socket)
                                    if open.count > 20 { open.removeFirst() }
                                }
                            }
                        }
                    }
                    try await eventually { (try? await RawClient.send("/livez", port: port).status) == 200 }
                }
                isOver.value = true
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [
        "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 100_000))\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\(String(repeating: "X: a\r\n", count: 2_000))\r\n",
        "\(String(repeating: "A", count: 3_000)) / HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ])
    func invalidRequestGetsAShortError(request: String) async throws {
        try await withConsole(configure: { $0.requestTimeout = .milliseconds(300) }) { port in
            let received = try await onThread {
                let socket = try RawSocket(port: port)
                // The server may close before all is sent.
                try? socket.send(request)
                return try socket.read()
            }
            #expect(received.utf8.count < 2_000)
            if let answer = RawAnswer(received) { #expect((400..<500).contains(answer.status)) }
            try await eventually { (try? await RawClient.send("/livez", port: port).status) == 200 }
        }
    }

    @Test(arguments: [(64, 16), (256, 64), (1_024, 256), (65_536, 256), (10, 16)])
    func theLimitLeavesDescriptorsForTheRest(descriptors: Int, connections: Int) {
        #expect(ConsoleConfiguration.connections(withDescriptors: descriptors) == connections)
    }
}

@Suite("Host headers")
struct HostRuleTests {
    @Test(arguments: [
        "localhost", "LOCALHOST:8080", "worker.localhost", "127.0.0.1", "127.0.0.1:80", "127.8.8.8", "[::1]:8080",
        "10.0.0.7:8080", "payout.example.com", "payout.example.com.:443", "a.internal.example.com",
    ])
    func knownHostsAreAnswered(host: String) {
        let rule = HostRule(host: "0.0.0.0", allowed: ["payout.example.com", "*.internal.example.com"])
        #expect(rule.admits(host: host, path: "/", address: "10.0.0.7"))
    }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "internal.example.com",
        "10.0.0.8", "", "1.2.3", "0x7f.1", "user@evil.example", "evil.example, localhost", "[::2]",
    ])
    func unknownHostsAreRefused(host: String) {
        let rule = HostRule(host: "0.0.0.0", allowed: ["payout.example.com", "*.internal.example.com"])
        #expect(!rule.admits(host: host, path: "/api/status", address: "10.0.0.7"))
    }

    @Test(arguments: ["/livez", "/readyz", "/metrics"])
    func probesAreAnsweredByAnyAddressAndByNoUnknownName(path: String) {
        let rule = HostRule(host: "0.0.0.0", allowed: [])
        #expect(rule.admits(host: "10.244.1.7:8080", path: path, address: "127.0.0.1"))
        #expect(rule.admits(host: "[fd00::1]:8080", path: path, address: nil))
        #expect(rule.admits(host: nil, path: path, address: nil))
        #expect(!rule.admits(host: "evil.example", path: path, address: "127.0.0.1"))
        #expect(!rule.admits(host: nil, path: "/", address: "127.0.0.1"))
    }

    @Test func ipv4AddressOnAnIPv6SocketIsAnswered() {
        let rule = HostRule(host: "::", allowed: [])
        #expect(rule.admits(host: "10.0.0.7:8080", path: "/", address: "::ffff:10.0.0.7"))
        #expect(HostRule(host: "x", allowed: ["*"]).admits(host: "anything", path: "/", address: nil))
        #expect(HostRule(host: "worker-1", allowed: []).admits(host: "worker-1:8080", path: "/", address: nil))
    }

    @Test func unknownHostGetsNoData() async throws {
        try await withConsole { port in
            for path in ["/", "/api/status", "/api/events", "/api/jobs/a", "/metrics", "/readyz"] {
                let answer = try await RawClient.send(path, host: "evil.example:\(port)", port: port)
                #expect(answer.status == 421, "\(path)")
                #expect(answer.body.contains("situation hostNotAllowed"), "\(path)")
                #expect(!answer.body.contains("evil.example"), "\(path)")
            }
            #expect(try await RawClient.send("/api/status", host: "localhost:\(port)", port: port).status == 200)
        }
        try await withConsole(configure: { $0.allowedHosts = ["payout.example.com"] }) { port in
            let answer = try await RawClient.send("/", host: "payout.example.com", port: port)
            #expect(answer.status == 200)
        }
    }
}
