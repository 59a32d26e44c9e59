import Testing

/// Waits until the condition holds. Records an issue at a time limit, which only bounds a hang.
func eventually(
    _ what: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let limit = ContinuousClock.now + Command.limit
    while try await !condition() {
        guard ContinuousClock.now < limit else {
            Issue.record("timed out waiting for: \(what())", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}
