/// The delivery guarantee of a worker.
public enum DeliveryMode: String, Sendable, Hashable, CaseIterable {
    /// Records and positions in one transaction.
    case exactlyOnce = "exactly-once"
    /// Records first, positions afterwards: for clusters without transactions. A crash in between repeats records.
    case atLeastOnce = "at-least-once"
}
