import Foundation
import HTTPAccess
import HTTPStandIns
import Testing

@testable import payout_worker

@Suite struct NetworkSettingsTests {
    private func network(_ variables: [String: String]) throws -> NetworkSettings {
        try WorkerConfiguration(Settings(environment: WorkerConfigurationTests.complete.merging(variables) { $1 }))
            .network
    }

    @Test func withoutSettingsServersAreReachedDirectly() throws {
        let network = try network([:])
        #expect(network.proxy == nil)
        #expect(network.additionalRoots == nil)
    }

    @Test func proxyAndExceptionsAndAuthoritiesAreRead() throws {
        let file = try TemporaryFile(TestCertificate.authority)
        let network = try network([
            "HTTPS_PROXY": "http://ann:s3cret@proxy.example.com:3128", "NO_PROXY": "storage.example.com,.test",
            "TLS_CA_FILE": file.path,
        ])
        #expect(network.proxy?.description == "proxy.example.com:3128")
        #expect(network.proxy?.hasCredentials == true)
        #expect(network.exceptions == ProxyExceptions("storage.example.com, .test"))
        #expect(network.additionalRoots?.count == 1)
    }

    @Test func storesAndSignInUseTheSameSettings() throws {
        let variables = WorkerConfigurationTests.complete.merging(["HTTPS_PROXY": "http://proxy.example.com:3128"]) {
            $1
        }
        let settings = try Settings(environment: variables)
        #expect(try WorkerConfiguration(settings).files.network.proxy?.port == 3128)
        let target = try SignInTarget(settings, account: "default", out: "token", timeLimit: .seconds(1))
        #expect(target.network.proxy?.port == 3128)
    }

    @Test(arguments: [
        ("HTTPS_PROXY", "ann:s3cret@", "must be a proxy's address"),
        ("HTTPS_PROXY", "http://ann:s3cret@proxy:3128/path", "must be a proxy's address"),
        ("HTTPS_PROXY", "socks5://ann:s3cret@proxy:1080", "begins with socks5://, which is not supported"),
        ("TLS_CA_FILE", "/nonexistent/authority.pem", "'/nonexistent/authority.pem', which cannot be read"),
        ("TLS_CA_FILE", "/dev/null", "'/dev/null', which holds no certificates"),
    ])
    func whatIsWrongIsNamedWithoutSecrets(name: String, value: String, problem: String) throws {
        let error = try #require(#expect(throws: ConfigurationError.self) { try network([name: value]) })
        #expect(error.problems.count == 1)
        #expect(error.description.hasPrefix(name))
        #expect(error.description.contains(problem), "\(error)")
        #expect(!error.description.contains("s3cret"))
    }

    @Test func proxyIsInNoExplanation() throws {
        let variables = WorkerConfigurationTests.complete.merging(["HTTPS_PROXY": "http://ann:s3cret@proxy:3128"]) {
            $1
        }
        var problems: [String] = []
        let values = ExplainedValue.all(try Settings(environment: variables), &problems)
        #expect(values.first { $0.name == "HTTPS_PROXY" }?.value == ExplainedValue.mask)
    }
}
