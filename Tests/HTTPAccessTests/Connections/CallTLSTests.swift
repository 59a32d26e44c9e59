import HTTPStandIns
import NIOCore
import NIOSSL
import Synchronization
import Testing
import TestSupport

@testable import HTTPAccess

/// Calls over TLS, and the ways in which a connection cannot be opened.
@Suite struct CallTLSTests {
    @Test func callsShareAnEncryptedConnection() async throws {
        try await CallScenario.with(tls: TestCertificate.serverContext(), script: { [.answer($0.path)] }) { scenario in
            try await scenario.expectEchoes("/a", "/b")
            #expect(scenario.server.record.connections == 1)
        }
    }

    @Test func nameAndProtocolAreSentToTheServer() async throws {
        let names = Mutex<[String?]>([])
        let context = try TestCertificate.serverContext(protocols: ["h2", "http/1.1"]) { name in
            names.withLock { $0.append(name) }
        }
        for host in ["localhost", "127.0.0.1"] {
            try await CallScenario.with(tls: context, host: host, script: { [.answer($0.path)] }) { scenario in
                try await scenario.expectEchoes("/a")
                #expect(scenario.server.record.protocols == ["http/1.1"])
            }
        }
        // An address is no name.
        #expect(names.withLock { $0 } == ["localhost", nil])
    }

    @Test func unknownAuthorityIsATLSFailure() async throws {
        let tls = try TestCertificate.serverContext()
        try await CallScenario.with(tls: tls, { $0.network.additionalRoots = nil }, script: { _ in [.answer()] }) {
            scenario in
            try await scenario.expectFailure(scenario.request(), .tls)
            #expect(scenario.server.paths == [])
        }
    }

    /// The certificate is for 127.0.0.1, which is reached under another address.
    @Test func certificateForAnotherAddressIsATLSFailure() async throws {
        let tls = try TestCertificate.serverContext()
        try await CallScenario.with(tls: tls, host: "[::ffff:127.0.0.1]", script: { _ in [.answer()] }) { scenario in
            try await scenario.expectFailure(scenario.request(), .tls)
            #expect(scenario.server.record.connections == 1)
            #expect(scenario.server.paths == [])
        }
    }

    @Test func serverThatSpeaksNoTLSIsATLSFailure() async throws {
        try await CallScenario.with(scheme: "https", script: { _ in [] }) { scenario in
            let call = Task { try await scenario.send(scenario.request()) }
            try await eventually { scenario.server.record.connections == 1 }
            scenario.server.perform([.answer()], on: 0)
            let fault = try await failure(of: TransportFault.self) { try await call.value }
            #expect(fault.failure == .tls)
        }
    }

    @Test func handshakeIsLimitedByTheConnectTimeout() async throws {
        try await CallScenario.with(scheme: "https", { $0.connectTimeout = .seconds(10) }, script: { _ in [] }) {
            scenario in
            try await scenario.expectFault(scenario.request(), .handshakeTimeout)
            try await scenario.closed(0)
        }
    }

    @Test func deadlineEndsTheWaitForAHandshake() async throws {
        try await CallScenario.with(scheme: "https", script: { _ in [] }) { scenario in
            try await scenario.expectFault(scenario.request(timeout: .milliseconds(50)), .deadlineExceeded)
        }
    }

    @Test func bodyWithoutALengthNeedsTheEndOfTLS() async throws {
        for (end, isWhole) in [(ScriptedServer.Step.close, true), (.truncate, false)] {
            let script: ScriptedServer.Script = { _ in [.send("HTTP/1.1 200 OK\r\n\r\npart"), end] }
            try await CallScenario.with(tls: TestCertificate.serverContext(), script: script) { scenario in
                if isWhole {
                    #expect(try await scenario.get() == "part")
                } else {
                    try await scenario.expectFailure(scenario.request(), .closed)
                }
            }
        }
    }

    @Test func truncatedConnectionIsReplaced() async throws {
        let script: ScriptedServer.Script = { $0.index == 0 ? [.answer($0.path)] : [.truncate] }
        try await CallScenario.with(tls: TestCertificate.serverContext(), script: script) { scenario in
            try await scenario.expectEchoes("/a", "/b")
            #expect(scenario.server.paths == ["/a", "/b", "/b"])
        }
    }

    // MARK: - Addresses

    @Test func eachAddressOfANameIsTried() async throws {
        // The name stands for ::1 too, where no server listens.
        try await CallScenario.with(host: "localhost", script: { [.answer($0.path)] }) { scenario in
            try await scenario.expectEchoes("/a")
            let host = "localhost:\(scenario.server.port)"
            #expect(scenario.server.record.requests[0].text.contains("\r\nhost: \(host)\r\n"))
        }
    }

    @Test func refusedConnectionIsAConnectFailureForEachCall() async throws {
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 2 }, script: { _ in [.answer()] }) { scenario in
            await scenario.server.stop()
            try await withThrowingTaskGroup(of: TransportFault.self) { group in
                for _ in 0..<10 { group.addTask { try await scenario.fault(scenario.request()) } }
                for try await fault in group { #expect(fault.failure == .connect) }
            }
        }
    }

    /// Where attempts fail at once, none runs inside the one before: the thread's stack is bounded.
    @Test func anyNumberOfCallsMayWaitForAnAddressThatCannotBeReached() async throws {
        var configuration = HTTPTransport.Configuration()
        configuration.maximumConnectionsPerHost = 1
        let settings = CallConnections.Settings(configuration)
        // The system refuses a link-local address without an interface, and sends nothing.
        let location = try #require(WebLocation("https://[fe80::1]"))
        let failed = Mutex(0)
        let count = 10_000
        try await withOwnEventLoop { eventLoop in
            let connections = try await eventLoop.submit {
                let connections = HostConnections(CallTarget(location), settings, eventLoop)
                for _ in 0..<count {
                    let call = PendingCall(
                        limits: ExchangeState.Limits(body: 0),
                        deadline: .distantFuture,
                        isIdempotent: true
                    )
                    call.begin { result in
                        if case .failure = result { failed.withLock { $0 += 1 } }
                    }
                    connections.submit(call)
                }
                return NIOLoopBound(connections, eventLoop: eventLoop)
            }.get()
            try await eventually { failed.withLock { $0 } == count }
            try await eventLoop.flatSubmit { connections.value.shutDown() }.get()
        }
    }

    @Test func unknownHostIsAConnectFailure() async throws {
        // A label that is too long for a name is not looked up.
        let host = String(repeating: "a", count: 64) + ".test"
        try await CallScenario.with(host: host, script: { _ in [.answer()] }) { scenario in
            for _ in 0..<2 { try await scenario.expectFailure(scenario.request(), .connect) }
        }
    }

    @Test(arguments: ["0", "65536", "70000", "99999999999999999999"], ["127.0.0.1", "[::1]", "localhost"])
    func invalidPortIsUnsendable(port: String, host: String) async throws {
        let url = "http://\(host):\(port)/"
        #expect(WebLocation(url) == nil)
        #expect(throws: TransportFault.malformedURL) { try CallConnections(HTTPTransport.Configuration()).route(url) }
    }

    @Test(
        arguments: [
            ("https://a.example:8/b?c=%20", "https://a.example:8"), ("HTTP://A/", "HTTP://A"),
            ("https://a.example", nil),
            ("https://a.example?b", nil), ("https://a.example/b#c", nil), ("https://a.example/b c", nil),
            ("https://a.example/b\\c", nil), ("https://a.example/b@c", nil), ("https://a.example/\u{E4}", nil),
            ("https:a.example/b", nil), ("a.example/b", nil), ("https://u@a.example/b", "https://u@a.example"),
            ("", nil),
        ] as [(String, String?)]
    )
    func originIsTheBeginningOfAPlainURL(url: String, origin: String?) {
        #expect(WebLocation.origin(of: url).map(String.init) == origin)
    }

    @Test func emptyPortIsTheSchemes() throws {
        let location = try #require(WebLocation("http://[::1]:/"))
        #expect(location.port == 80)
    }

    @Test(arguments: [
        ("http://127.0.0.1:80", "127.0.0.1"), ("https://[2001:DB8::1]/", "[2001:db8::1]"),
        ("https://API.example.com:443", "api.example.com"), ("http://example.com:443", "example.com:443"),
        ("https://[::1]:8443/", "[::1]:8443"),
    ])
    func authorityNamesThePortUnlessItIsTheSchemes(url: String, authority: String) throws {
        let location = try #require(WebLocation(url))
        #expect(CallTarget(location).authority == authority)
    }

    @Test func callsThroughAProxyUseTheHTTPClient() throws {
        var configuration = HTTPTransport.Configuration()
        configuration.network.proxy = try ProxyServer("127.0.0.1:3128")
        let calls = CallConnections(configuration)
        #expect(try calls.route("https://api.example.com/a") == nil)
        #expect(try calls.route("https://127.0.0.1/a?b")?.rest == "/a?b")
        #expect(try calls.route("http://api.example.com") != nil)
    }

    @Test func oneServerHasOnePool() throws {
        let calls = CallConnections(HTTPTransport.Configuration())
        let first = try calls.route("https://api.example.com/a")?.host
        #expect(try calls.route("https://API.example.com:443?x")?.host === first)
        #expect(try calls.route("https://api.example.com:444")?.host !== first)
        #expect(try calls.route("http://api.example.com")?.host !== first)
    }
}
