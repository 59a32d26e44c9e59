import ExportCore

/// The process that a port belongs to. It may be dead, or stand still.
protocol PortHost: AnyObject {
    /// Which life of which worker it is.
    var id: Int { get }
    /// Its name in traces.
    var name: String { get }
    /// Puts an event into the process's queue.
    func post(_ event: WorkerEvent)
    /// Does something in the process after so many milliseconds, if it still lives.
    func later(_ delay: Int64, _ body: @escaping () -> Void)
    /// Does something in the process: not when it is dead, later when it stands still.
    func run(_ body: @escaping () -> Void)
}

/// What a port finds around itself: the log, the group, time and chance.
protocol PortWorld: AnyObject {
    /// Milliseconds since the beginning.
    var now: Int64 { get }
    var dice: SeededRandom { get set }
    var log: VirtualLog { get }
    var group: VirtualGroup { get }
    var portSettings: PortSettings { get }
    /// Does something at this moment.
    func at(_ time: Int64, _ body: @escaping () -> Void)
    func trace(_ line: () -> String)
    /// Something has happened that must not.
    func fail(_ reason: String)
    func count(_ what: String)
    /// Whether a fault strikes now.
    func happens(_ fault: Faults, _ probability: Double) -> Bool
    /// A host begins to read a partition's state, up to this offset.
    func restoring(_ partition: Int, host: any PortHost, from end: Int64)
}

/// How ports work.
struct PortSettings {
    var partitions: Int
    /// How long a transaction may stay open.
    var transactionTimeout: Int64
    var generation = Sabotage.Generation.ofCallback
}

/// What is promised of a commit.
public enum Delivery: String, Sendable, CaseIterable {
    /// Records and positions in one transaction.
    case exactlyOnce = "exactly-once"
    /// Events and dead letters, then the state, then the positions.
    case atLeastOnce = "at-least-once"
}
