import NIOCore

/// Which connection carries which call to one server, without IO: calls wait in order for at most a number of connections.
/// ``HostConnections`` reports what happens and performs the steps that this type returns.
///
/// A connection is opened for each waiting call up to the limit; whichever connection is free first takes the call that has
/// waited longest.
struct ConnectionPool<Call: AnyObject, Connection: AnyObject> {
    /// What the owner does next.
    enum Step {
        /// Write the call's request.
        case start(Call, Connection)
        /// Open a connection; for a call that must not use another one, or for whichever call is next.
        case open(for: Call?)
        case fail(Call, TransportFault)
        case close(Connection)
    }

    private struct Waiting {
        var call: Call
        /// The end of the wait for a connection that is free.
        var limit: NIODeadline
        var deadline: NIODeadline
    }

    private struct Idle {
        var connection: Connection
        var expiry: NIODeadline
    }

    private let limit: Int
    private var waiting = CircularBuffer<Waiting>()
    /// The connection that was used last is at the end and is used first, so that surplus ones expire.
    private var idle: [Idle] = []
    private var busy = 0
    /// Attempts to open a connection for whichever call is next, and for one call each.
    private var opening = 0
    private var reserved = 0
    /// Why the last attempt failed, until one succeeds.
    private var lastFault: TransportFault?
    private var isShutDown = false

    /// - Parameter limit: The most connections, attempts included.
    init(limit: Int) {
        self.limit = limit
    }

    private var count: Int { busy + idle.count + opening + reserved }

    // MARK: - Calls

    /// A new call.
    ///
    /// - Parameter limit: How long it may wait for a free connection.
    mutating func submit(_ call: Call, limit: NIODeadline, deadline: NIODeadline, now: NIODeadline) -> [Step] {
        guard !isShutDown else { return [.fail(call, .shutDown)] }
        var steps: [Step] = []
        while let last = idle.popLast() {
            guard last.expiry <= now else {
                busy += 1
                steps.append(.start(call, last.connection))
                return steps
            }
            steps.append(.close(last.connection))
        }
        waiting.append(Waiting(call: call, limit: limit, deadline: deadline))
        return steps + open()
    }

    /// A call that was cancelled leaves the queue, if it waits there.
    mutating func remove(_ call: Call) {
        if let index = waiting.firstIndex(where: { $0.call === call }) { waiting.remove(at: index) }
    }

    // MARK: - Connections

    /// A connection is open.
    ///
    /// - Parameter call: The call that it was opened for.
    mutating func opened(_ connection: Connection, for call: Call?, isReserved: Bool, expiry: NIODeadline) -> [Step] {
        end(isReserved)
        lastFault = nil
        guard !isShutDown else { return [.close(connection)] }
        guard let call else { return offer(connection, expiry: expiry) }
        busy += 1
        return [.start(call, connection)]
    }

    /// A connection could not be opened. A call that no other connection can take fails with the same error.
    mutating func failedToOpen(_ fault: TransportFault, isReserved: Bool, now: NIODeadline) -> [Step] {
        end(isReserved)
        lastFault = fault
        guard !isReserved else { return open() }
        // The calls are left to connections that work. Another attempt at once would fail too.
        guard busy == 0 else { return sweep(now: now) }
        guard waiting.count > opening, let first = waiting.popFirst() else { return [] }
        return [.fail(first.call, fault)] + open()
    }

    /// A connection has carried a call and can carry the next.
    mutating func released(_ connection: Connection, expiry: NIODeadline) -> [Step] {
        busy -= 1
        return offer(connection, expiry: expiry)
    }

    /// A connection was closed, idle or not.
    ///
    /// - Parameter call: The call that it carried, which is sent again over a fresh connection.
    mutating func lost(_ connection: Connection, resending call: Call?) -> [Step] {
        if let index = idle.firstIndex(where: { $0.connection === connection }) {
            idle.remove(at: index)
        } else {
            busy -= 1
        }
        guard let call else { return open() }
        guard !isShutDown else { return [.fail(call, .shutDown)] }
        reserved += 1
        return [.open(for: call)] + open()
    }

    private mutating func end(_ isReserved: Bool) {
        if isReserved { reserved -= 1 } else { opening -= 1 }
    }

    private mutating func offer(_ connection: Connection, expiry: NIODeadline) -> [Step] {
        guard !isShutDown else { return [.close(connection)] }
        guard let next = waiting.popFirst() else {
            idle.append(Idle(connection: connection, expiry: expiry))
            return []
        }
        busy += 1
        return [.start(next.call, connection)]
    }

    /// Opens connections for calls that wait.
    private mutating func open() -> [Step] {
        let missing = max(0, min(waiting.count - opening, limit - count))
        opening += missing
        return Array(repeating: .open(for: nil), count: missing)
    }

    // MARK: - Time

    /// Ends what has lasted too long: waits of calls, and connections that were unused.
    mutating func sweep(now: NIODeadline) -> [Step] {
        var steps: [Step] = []
        var kept = CircularBuffer<Waiting>()
        for (index, item) in waiting.enumerated() {
            if item.deadline <= now {
                steps.append(.fail(item.call, .deadlineExceeded))
            } else if item.limit <= now, index >= opening {
                // An attempt that is still in progress fails its call itself, with the reason.
                steps.append(.fail(item.call, lastFault ?? .noFreeConnection))
            } else {
                kept.append(item)
            }
        }
        waiting = kept
        steps += idle.filter { $0.expiry <= now }.map { .close($0.connection) }
        idle.removeAll { $0.expiry <= now }
        return steps
    }

    /// When ``sweep(now:)`` has something to end; nil where nothing waits and nothing is idle.
    func nextSweep(now: NIODeadline) -> NIODeadline? {
        let calls = waiting.lazy.map { $0.limit > now ? min($0.limit, $0.deadline) : $0.deadline }.min()
        let connections = idle.lazy.map(\.expiry).min()
        return [calls, connections].compactMap { $0 }.min()
    }

    /// Ends every wait. Connections that are in use or opening are the owner's to close.
    mutating func shutDown() -> [Step] {
        isShutDown = true
        let steps: [Step] = waiting.map { .fail($0.call, .shutDown) } + idle.map { .close($0.connection) }
        waiting.removeAll()
        idle.removeAll()
        return steps
    }
}
