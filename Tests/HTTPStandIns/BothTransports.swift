package import HTTPAccess
package import Testing

/// Runs each test twice: with API calls on connections of their own, and on the HTTP client's. Transports of tests take their
/// settings from ``configuration``.
package struct BothTransports: TestTrait, SuiteTrait, TestScoping {
    @TaskLocal private static var separatesCalls = true

    package let isRecursive = true

    /// The default configuration, with the present kind of connections for API calls.
    package static var configuration: HTTPTransport.Configuration {
        var configuration = HTTPTransport.Configuration()
        configuration.separatesCalls = separatesCalls
        return configuration
    }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        for separatesCalls in [true, false] {
            try await Self.$separatesCalls.withValue(separatesCalls) { try await function() }
        }
    }
}

extension Trait where Self == BothTransports {
    /// Runs each test on both kinds of connections.
    package static var bothTransports: Self { BothTransports() }
}
