/// Which jobs a pause concerns.
public struct PauseTarget: Hashable, Sendable {
    /// The account that the jobs name; `nil` for all.
    public var account: String?
    /// Which resource they export; `nil` for both.
    public var kind: ExportKind?

    /// Creates a target; by default that of all jobs.
    public init(account: String? = nil, kind: ExportKind? = nil) {
        self.account = account
        self.kind = kind
    }

    /// Whether every job of `other` is one of this target.
    public func contains(_ other: PauseTarget) -> Bool {
        (account == nil || account == other.account) && (kind == nil || kind == other.kind)
    }

    /// Whether the target has jobs of this account and kind.
    public func contains(account: String, kind: ExportKind) -> Bool {
        contains(PauseTarget(account: account, kind: kind))
    }
}

/// Submissions that an operator has paused in one partition.
public struct JobPause: Hashable, Sendable {
    /// Which jobs. A partition has at most one pause of a target.
    public var target: PauseTarget
    /// When the pause ends automatically; `nil` for one that only a command ends.
    public var until: Instant?
    /// Why, in the operator's words.
    public var reason: String?
    /// Whether polls and downloads are paused too.
    public var holdsCalls: Bool
    /// When the pause was decided; `nil` in a command.
    public var since: Instant?

    /// Creates a pause.
    public init(
        target: PauseTarget = PauseTarget(),
        until: Instant? = nil,
        reason: String? = nil,
        holdsCalls: Bool = false,
        since: Instant? = nil
    ) {
        self.target = target
        self.until = until
        self.reason = reason
        self.holdsCalls = holdsCalls
        self.since = since
    }

    /// The record of all pauses of a partition has fewer bytes.
    package static let recordLimit = 8_192

    /// The bytes of the account and the reason.
    package var textBytes: Int { (target.account?.utf8.count ?? 0) + (reason?.utf8.count ?? 0) }
}
