import NIOCore
import Synchronization

/// Since when a connection has had no request in progress: `ConnectionGuard` writes it, `ConnectionTable` reads it.
final class ConnectionActivity: Sendable {
    private let start: Mutex<ContinuousClock.Instant?>

    init(at now: ContinuousClock.Instant = .now) { start = Mutex(now) }

    /// `nil` while a request is answered.
    var idleSince: ContinuousClock.Instant? {
        get { start.withLock { $0 } }
        set { start.withLock { $0 = newValue } }
    }
}

/// The open connections of an ``HTTPListener``, up to its limit.
final class ConnectionTable: Sendable {
    private struct Entry: Sendable {
        var channel: any Channel
        var activity: ConnectionActivity
    }

    private let capacity: Int
    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    init(capacity: Int) { self.capacity = capacity }

    /// Adds a connection. When the table is full, the connection that has been idle longest is closed.
    ///
    /// - Returns: whether the connection was added: false when the table is full and no connection is idle.
    func admit(_ channel: any Channel, _ activity: ConnectionActivity) -> Bool {
        let (isAdmitted, displaced) = entries.withLock { entries -> (Bool, (any Channel)?) in
            var displaced: (any Channel)?
            if entries.count >= capacity {
                guard let oldest = Self.longestIdle(entries) else { return (false, nil) }
                displaced = entries.removeValue(forKey: oldest)?.channel
            }
            entries[ObjectIdentifier(channel)] = Entry(channel: channel, activity: activity)
            return (true, displaced)
        }
        displaced?.close(promise: nil)
        return isAdmitted
    }

    func remove(_ channel: any Channel) { entries.withLock { $0[ObjectIdentifier(channel)] = nil } }

    /// Closes every connection, also those with requests in progress.
    func closeAll() {
        let open = entries.withLock { Array($0.values) }
        for entry in open { entry.channel.close(promise: nil) }
    }

    private static func longestIdle(_ entries: [ObjectIdentifier: Entry]) -> ObjectIdentifier? {
        var oldest: (key: ObjectIdentifier, since: ContinuousClock.Instant)?
        for (key, entry) in entries {
            guard let since = entry.activity.idleSince, since < oldest?.since ?? .now else { continue }
            oldest = (key, since)
        }
        return oldest?.key
    }
}
