public import ExportCore

/// The wall clock and the monotonic clock. Tests provide their own.
public protocol WorkerClock: Sendable {
    /// The present time on both clocks.
    func time() -> EventTime
}
