import Dispatch

/// The result of a call of librdkafka that another thread makes: its error, or none.
///
/// Sound to share: the semaphore orders the only write before the only read.
final class ReturnedError: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private(set) var pointer: OpaquePointer?

    func set(_ error: OpaquePointer?) {
        pointer = error
        semaphore.signal()
    }

    /// - Returns: `nil` when the call has not returned by the end of the bound.
    func wait(within bound: Duration) -> ReturnedError? {
        semaphore.wait(timeout: .now() + .milliseconds(Int(bound.milliseconds))) == .success ? self : nil
    }
}
