import Foundation
import HTTPStandIns
import NIOHTTP1
import Testing

@testable import HTTPAccess

/// Certificate authorities that are read from a file.
@Suite("Further certificate authorities", .bothTransports)
struct TrustRootsTests {
    private func get(_ network: NetworkSettings) async throws -> Int {
        let server = try await StubServer(tls: TestCertificate.serverContext()) { _, _ in .answer(204) }
        var configuration = BothTransports.configuration
        configuration.connectTimeout = .seconds(300)
        configuration.network = network
        let transport = HTTPTransport(configuration: configuration)
        let url = "https://localhost:\(server.port)/"
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
