package import Testing

/// Waits until a condition holds. Records an issue at a time limit, which only bounds a hang.
///
/// - Parameters:
///   - what: what is awaited, for the report at the limit.
///   - limit: far more than a loaded machine needs.
///   - condition: is asked again after pauses of at most a tenth of a second; an error that it throws ends the wait.
/// - Throws: ``ConditionNeverHeld`` at the limit.
package func eventually(
    _ what: @autoclosure () -> String = "the condition holds",
    within limit: Duration = .seconds(600),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var pause = Duration.milliseconds(1)
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("in vain: \(what())", sourceLocation: sourceLocation)
            throw ConditionNeverHeld()
        }
        try await Task.sleep(for: pause)
        // Conditions that take long are often costly: they start a program or ask a server.
        pause = min(pause * 2, .milliseconds(100))
    }
}

/// A condition did not hold within the time limit of ``eventually(_:within:sourceLocation:_:)``.
package struct ConditionNeverHeld: Error {}
