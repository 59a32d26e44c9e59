import Testing

@testable import WorkerTelemetry

struct SpanIdentityTests {
    @Test func w3cTraceContexts() throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let identity = try #require(SpanIdentity(parent: text, state: "a=b"))
        #expect(identity.parent == text && identity.isSampled && identity.state == "a=b")
        #expect(identity.child.traceID == identity.traceID && identity.child.spanID != identity.spanID)
        let future = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"
        #expect(try #require(SpanIdentity(parent: future, state: nil)).isSampled == false)
        let root = SpanIdentity.root(isSampled: true)
        #expect(SpanIdentity(parent: root.parent, state: nil) == root)
    }

    @Test(arguments: [
        "", "00", "00-0-0-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ])
    func brokenOnesAreNone(_ text: String) {
        #expect(SpanIdentity(parent: text, state: nil) == nil)
    }
}
