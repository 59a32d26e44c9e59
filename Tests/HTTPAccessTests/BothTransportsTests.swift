import HTTPStandIns
import Synchronization
import Testing

@testable import HTTPAccess

/// The trait that other suites depend on.
@Suite struct BothTransportsTests {
    @Test func testRunsOnEachKindOfConnections() async throws {
        let seen = Mutex<[Bool]>([])
        let test = try #require(Test.current)
        let trait: BothTransports = .bothTransports
        try await trait.provideScope(for: test, testCase: Test.Case.current) {
            let transport = HTTPTransport(configuration: BothTransports.configuration)
            seen.withLock { $0.append(transport.calls != nil) }
            try await transport.shutdown()
        }
        #expect(seen.withLock { $0 } == [true, false])
    }
}
