import Foundation
import HTTPStandIns
import NIOHTTP1
import NIOSSL
import Testing

@testable import HTTPAccess

/// Certificate authorities that are read from a file.
@Suite("Further certificate authorities", .bothTransports)
struct TrustRootsTests {
    private func get(
        _ network: NetworkSettings,
        host: String = "localhost",
        tls: NIOSSLContext? = nil
    ) async throws -> Int {
        let server = try await StubServer(tls: tls ?? TestCertificate.serverContext()) { _, _ in .answer(204) }
        var configuration = BothTransports.configuration
        configuration.connectTimeout = .seconds(300)
        configuration.network = network
        let transport = HTTPTransport(configuration: configuration)
        let url = "https://\(host):\(server.port)/"
        let result: Result<Int, any Error>
        do {
            var request = OutgoingRequest(method: .GET, url: url, timeout: .seconds(300))
            request.isCall = true
            result = .success(try await transport.send(request).status)
        } catch {
            result = .failure(error)
        }
        try await transport.shutdown()
        await server.stop()
        return try result.get()
    }

    @Test func serverOfAnAuthorityInTheFileIsTrusted() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/authority.pem"
            try TestCertificate.authority.write(toFile: path, atomically: true, encoding: .utf8)
            let roots = try TrustRoots(pemFile: path)
            #expect(roots.count == 1)
            #expect(try await get(NetworkSettings(additionalRoots: roots)) == 204)
        }
    }

    @Test func serverOfAnUnknownAuthorityIsATLSFailure() async throws {
        let fault = try await failure(of: TransportFault.self) { try await get(NetworkSettings()) }
        #expect(fault.failure == .tls)
    }

    /// Servers that are named by their address need a certificate for the address.
    @Test func addressIsVerifiedByTheCertificatesAddresses() async throws {
        let network = NetworkSettings(additionalRoots: try await TestCertificate.roots())
        #expect(try await get(network, host: "127.0.0.1") == 204)
        // The same server under an address that the certificate does not hold.
        let fault = try await failure(of: TransportFault.self) { try await get(network, host: "[::ffff:127.0.0.1]") }
        #expect(fault.failure == .tls)
    }

    @Test(arguments: [(TLSVersion.tlsv11, false), (.tlsv12, true), (.tlsv13, true)])
    func versionsOfTLSBefore12AreRefused(newest: TLSVersion, isAccepted: Bool) async throws {
        let network = NetworkSettings(additionalRoots: try await TestCertificate.roots())
        let tls = try TestCertificate.serverContext(newest: newest)
        if isAccepted {
            #expect(try await get(network, tls: tls) == 204)
        } else {
            let fault = try await failure(of: TransportFault.self) { try await get(network, tls: tls) }
            #expect(fault.failure == .tls)
        }
    }

    @Test func fileThatCannotBeReadIsNamed() async throws {
        try await withTemporaryFolder { folder in
            for path in [folder + "/absent.pem", folder] {
                #expect(throws: NetworkSettingsError.unreadableFile(path: path)) { try TrustRoots(pemFile: path) }
            }
        }
    }

    @Test(arguments: ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    func fileWithoutCertificatesIsNamed(content: String) async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/authority.pem"
            try content.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: NetworkSettingsError.noCertificates(path: path)) { try TrustRoots(pemFile: path) }
        }
    }
}
