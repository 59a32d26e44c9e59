/// Why no new jobs are taken.
public enum IntakePause: String, Hashable, Sendable, CaseIterable {
    /// As many jobs as ``CoreConfiguration/maxPending`` wait to be submitted.
    case pending
    /// Nearly every recent job was refused.
    case failures
    /// Commits do not keep up.
    case commits
}
