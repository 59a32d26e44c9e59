/// Until when the steps of a ``KafkaConsumer``'s end may last, so that the whole of it stays within one bound.
struct ClosingLimits {
    /// Until when the handler may finish its revocation and the group may let this member go; the rest of the time is
    /// for the end of librdkafka's client.
    private(set) var revocation: ContinuousClock.Instant
    /// Until when ``KafkaConsumer/close(within:)`` returns in any case.
    private(set) var end: ContinuousClock.Instant

    private static let revocationShare = 0.6

    init(_ bound: Duration, from start: ContinuousClock.Instant) {
        revocation = start + bound * Self.revocationShare
        end = start + bound
    }

    /// Another call allows less.
    mutating func shorten(_ other: ClosingLimits) {
        revocation = min(revocation, other.revocation)
        end = min(end, other.end)
    }
}
