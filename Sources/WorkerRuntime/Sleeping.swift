/// Sleeps for a duration.
///
/// - Returns: false when the task is cancelled. A loop must end then, because it would no longer sleep.
public func slept(for duration: Duration) async -> Bool {
    do {
        try await Task.sleep(for: duration)
        return true
    } catch {
        return false
    }
}
