package import NIOCore
import NIOPosix

/// Runs a test on an event loop of its own, which may be busy for seconds without delaying other tests' connections.
package func withOwnEventLoop(_ body: (any EventLoop) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    var failure: (any Error)?
    do { try await body(group.next()) } catch { failure = error }
    try await group.shutdownGracefully()
    if let failure { throw failure }
}
