import Foundation
import HTTPStandIns
import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// Requests through a proxy, and the hosts that are reached directly.
@Suite("Requests through a proxy", .bothTransports)
struct ProxyTests {
    private static let password = "p@ss:word"

    /// Runs a test with a TLS server whose name does not resolve, a proxy that connects to it, and a transport that trusts it.
    private func withProxy(
        status: Int = 200,
        user: String = "",
        exceptions: String = "",
        _ body: (HTTPTransport, ConnectProxy, StubServer) async throws -> Void
    ) async throws {
        let server = try await StubServer(tls: TestCertificate.serverContext()) { request, _ in
            .answer(200, body: request.path)
        }
        let proxy = try await ConnectProxy(forwardingTo: server.port, status: status)
        try await withTemporaryFolder { folder in
            let path = folder + "/authority.pem"
            try TestCertificate.authority.write(toFile: path, atomically: true, encoding: .utf8)
            var configuration = BothTransports.configuration
            configuration.connectTimeout = .seconds(300)
            configuration.network = NetworkSettings(
                proxy: try ProxyServer("http://\(user)\(proxy.address)"),
                exceptions: ProxyExceptions(exceptions),
                additionalRoots: try TrustRoots(pemFile: path)
            )
            let transport = HTTPTransport(configuration: configuration)
            var failure: (any Error)?
            do { try await body(transport, proxy, server) } catch { failure = error }
            try await transport.shutdown()
            await proxy.stop()
            await server.stop()
            if let failure { throw failure }
        }
    }

    private func get(_ url: String, _ transport: HTTPTransport) async throws -> String {
        var request = OutgoingRequest(method: .GET, url: url, timeout: .seconds(300))
        request.isCall = true
        let answer = try await transport.send(request)
        #expect(answer.status == 200)
        return String(buffer: answer.body)
    }

    @Test func callAndDownloadGoThroughTheProxy() async throws {
        try await withProxy { transport, proxy, _ in
            let url = "https://\(TestCertificate.host)/a"
            let text = try await get(url, transport)
            #expect(text == "/a")
            let answer = try await transport.open(OutgoingRequest(method: .GET, url: url, timeout: .seconds(300)))
            let body = try await answer.body.collect(upTo: 100)
            #expect(String(buffer: body) == "/a")
            // Calls and files have connections of their own.
            #expect(Set(proxy.requests.map(\.target)) == ["\(TestCertificate.host):443"])
        }
    }

    @Test func credentialsAreSentToTheProxyAlone() async throws {
        try await withProxy(user: "ann:p%40ss:word@") { transport, proxy, server in
            _ = try await get("https://\(TestCertificate.host)/", transport)
            let basic = "Basic YW5uOnBAc3M6d29yZA=="
            #expect(proxy.requests.map(\.authorization) == [basic])
            #expect(server.requests.map { $0.header("proxy-authorization") } == [nil])
        }
    }

    @Test func excludedHostIsReachedDirectly() async throws {
        // An address of this machine that does not count as loopback.
        try await withProxy(exceptions: "other.test,0.0.0.0") { transport, proxy, server in
            let text = try await get("https://0.0.0.0:\(server.port)/c", transport)
            #expect(text == "/c")
            #expect(proxy.requests.isEmpty)
        }
    }

    @Test func loopbackIsReachedDirectly() async throws {
        try await withProxy { transport, proxy, server in
            let text = try await get("https://localhost:\(server.port)/b", transport)
            #expect(text == "/b")
            #expect(proxy.requests.isEmpty)
        }
    }

    @Test(arguments: [403, 407, 502])
    func refusalOfTheProxyIsAConnectFailureWithoutSecrets(status: Int) async throws {
        try await withProxy(status: status, user: "ann:p%40ss:word@") { transport, proxy, _ in
            let fault = try await failure(of: TransportFault.self) {
                try await get("https://\(TestCertificate.host)/?sig=c2VjcmV0", transport)
            }
            #expect(fault.failure == .connect)
            #expect(fault.detail.contains("proxy"))
            #expect(!fault.detail.contains("p@ss") && !fault.detail.contains("c2VjcmV0"))
        }
    }

    @Test func plainHTTPIsNotSentToTheProxy() {
        let network = NetworkSettings(proxy: try? ProxyServer("proxy.example.com:3128"))
        #expect(network.usesProxy(for: "https://api.partner.microsoft.com/v1.0"))
        #expect(!network.usesProxy(for: "http://169.254.169.254/latest"))
        #expect(!network.usesProxy(for: "https://127.0.0.1:8443/"))
        #expect(!network.usesProxy(for: "https://[::1]/"))
        #expect(!NetworkSettings().usesProxy(for: "https://api.partner.microsoft.com/"))
    }
}

@Suite("Addresses of proxies")
struct ProxyServerTests {
    @Test(arguments: [
        ("http://proxy.example.com:3128", "proxy.example.com:3128", false),
        ("proxy.example.com:3128", "proxy.example.com:3128", false),
        ("http://proxy.example.com/", "proxy.example.com:80", false),
        (" HTTP://Proxy.Example.COM:3128 ", "proxy.example.com:3128", false),
        ("http://ann:s3cret@10.1.2.3:3128", "10.1.2.3:3128", true),
        ("ann@proxy:3128", "proxy:3128", true), ("http://[2001:db8::1]:3128", "[2001:db8::1]:3128", false),
    ])
    func addressIsRead(text: String, shown: String, hasCredentials: Bool) throws {
        let proxy = try ProxyServer(text)
        #expect(proxy.description == shown)
        #expect(proxy.hasCredentials == hasCredentials)
    }

    @Test func credentialsAreNotShown() throws {
        let proxy = try ProxyServer("http://ann:s3cret@proxy:3128")
        var dumped = ""
        dump(proxy, to: &dumped)
        for text in ["\(proxy)", String(reflecting: proxy), dumped] {
            #expect(!text.contains("s3cret") && !text.contains("ann"))
        }
    }

    @Test(arguments: [
        "", "http://", "http://proxy:99999", "http://proxy:0", "http://proxy:3128/path", "http://proxy:3128?x=1",
        "no proxy", "s3cret word://proxy",
    ])
    func otherTextIsRefused(text: String) {
        #expect(throws: NetworkSettingsError.notAProxyAddress) { try ProxyServer(text) }
    }

    @Test(arguments: ["https", "socks5", "ftp"])
    func otherSchemeIsRefused(scheme: String) {
        #expect(throws: NetworkSettingsError.unsupportedProxyScheme(scheme)) {
            try ProxyServer("\(scheme)://ann:s3cret@proxy:3128")
        }
    }
}

@Suite("Exceptions to the proxy")
struct ProxyExceptionsTests {
    @Test(arguments: [
        ("example.com", "example.com", 443, true), ("example.com", "api.example.com", 443, true),
        ("example.com", "badexample.com", 443, false), (".example.com", "api.example.com", 443, true),
        (".example.com", "example.com", 443, false), ("*.example.com", "api.example.com", 443, true),
        ("*.example.com", "example.com", 443, false), ("Example.COM", "example.com", 443, true),
        ("example.com:8443", "example.com", 8443, true), ("example.com:8443", "example.com", 443, false),
        ("a.test, example.com", "example.com", 443, true), ("a.test example.com", "example.com", 443, true),
        ("10.0.0.7", "10.0.0.7", 443, true), ("10.0.0.7", "10.0.0.70", 443, false),
        ("10.0.0.0/8", "10.0.0.7", 443, false), ("2001:db8::1", "2001:db8::1", 443, true),
        ("[2001:db8::1]:8443", "2001:db8::1", 8443, true), ("[2001:db8::1]:8443", "2001:db8::1", 443, false),
        ("*", "example.com", 443, true), ("", "example.com", 443, false), (",, .", "example.com", 443, false),
        ("example.com:https", "example.com", 443, false),
    ])
    func entryMatchesHost(entries: String, host: String, port: Int, matches: Bool) {
        #expect(ProxyExceptions(entries).contain(host, port: port) == matches)
    }
}
