/// The pauses of one partition, and the calls that wait for their end.
///
/// A pause takes effect when it is decided, and its end when that is committed: until then it still holds calls back.
struct PauseTable {
    /// How many pauses a partition can have.
    static let limit = 64
    /// How many bytes the accounts and reasons of all pauses can have together. With the most pauses, their record is
    /// smaller than ``JobPause/recordLimit``.
    static let textLimit = 4_096

    /// The pauses that are decided, in the order of their decisions.
    private(set) var pauses: [JobPause] = []
    /// Pauses whose end is decided and not yet committed.
    private(set) var ending: [(pause: JobPause, revision: UInt32)] = []
    private var lastRevision: UInt32 = 0
    /// What is held back, by account and kind; the last account stands for all that are not configured. Empty while nothing
    /// is, which is the usual case.
    private var held: [Held] = []
    /// When the first pause ends automatically, in milliseconds since 1970.
    private(set) var nextEnd = Int64.max
    /// Calls that are held back, in the order in which they came. Some of them may be stale.
    private(set) var parked: [CallToken] = []
    /// The number of parked calls at which stale ones are removed.
    private var purgeAt = Self.purgeAtLeast

    private static let purgeAtLeast = 1_024
    private static let kinds = ExportKind.allCases.count

    private struct Held: OptionSet {
        var rawValue: UInt8 = 0

        static let submissions = Held(rawValue: 1)
        static let calls = Held(rawValue: 2)
    }

    /// Whether nothing is held back.
    var isEmpty: Bool { held.isEmpty }

    /// Whether calls of this kind are held back for the jobs of an account and a kind. A DELETE never is, and a manifest
    /// belongs to no account.
    func holds(_ call: CallKind, account: UInt16, kind: ExportKind) -> Bool {
        guard !held.isEmpty else { return false }
        let place = min(Int(account), held.count / Self.kinds - 1) * Self.kinds + Int(kind.rawValue) - 1
        return switch call {
        case .create: held[place].contains(.submissions)
        case .poll, .download: held[place].contains(.calls)
        case .delete, .manifest: false
        }
    }

    /// The pause that holds such calls back: the one that ends last.
    func holding(_ call: CallKind, account: String, kind: ExportKind) -> JobPause? {
        (pauses + ending.map(\.pause))
            .filter { $0.target.contains(account: account, kind: kind) && ($0.holdsCalls || call == .create) }
            .max { ($0.until ?? .distantFuture) < ($1.until ?? .distantFuture) }
    }

    // MARK: Changes

    /// Replaces the pauses by those of a record.
    mutating func set(_ pauses: [JobPause], accounts: [String]) {
        self.pauses = pauses
        nextEnd = pauses.compactMap(\.until).min()?.milliseconds ?? .max
        update(accounts: accounts)
    }

    /// Keeps pauses in effect until their end is committed.
    ///
    /// - Returns: what ``committed(_:accounts:)`` is called with upon that commit.
    mutating func beginEnd(of ended: [JobPause]) -> UInt32 {
        lastRevision += 1
        for pause in ended {
            // Another one that holds back the same calls ends later.
            ending.removeAll { $0.pause.target == pause.target && $0.pause.holdsCalls == pause.holdsCalls }
            ending.append((pause, lastRevision))
        }
        return lastRevision
    }

    /// The ends up to this revision are committed.
    ///
    /// - Returns: whether that changes which calls are held back.
    mutating func committed(_ revision: UInt32, accounts: [String]) -> Bool {
        let before = held
        ending.removeAll { $0.revision <= revision }
        update(accounts: accounts)
        return held != before
    }

    private mutating func update(accounts: [String]) {
        let effective = pauses + ending.map(\.pause)
        guard !effective.isEmpty else { return held = [] }
        held = [Held](repeating: Held(), count: (accounts.count + 1) * Self.kinds)
        for pause in effective {
            for account in 0...accounts.count {
                let name = account < accounts.count ? accounts[account] : nil
                guard pause.target.account == nil || pause.target.account == name else { continue }
                for kind in ExportKind.allCases where pause.target.kind == nil || pause.target.kind == kind {
                    let place = account * Self.kinds + Int(kind.rawValue) - 1
                    held[place].formUnion(pause.holdsCalls ? [.submissions, .calls] : .submissions)
                }
            }
        }
    }

    // MARK: Parked calls

    /// Keeps a call until ``takeParked()``.
    ///
    /// - Parameter isLive: whether a job still waits for a call; the others are removed periodically.
    mutating func park(_ token: CallToken, isLive: (CallToken) -> Bool) {
        if parked.count >= purgeAt {
            parked.removeAll { !isLive($0) }
            purgeAt = max(Self.purgeAtLeast, parked.count * 2)
        }
        parked.append(token)
    }

    /// Removes and returns the parked calls. The caller queues them again, and those that are still held back are parked
    /// again.
    mutating func takeParked() -> [CallToken] {
        defer {
            parked = []
            purgeAt = Self.purgeAtLeast
        }
        return parked
    }
}
