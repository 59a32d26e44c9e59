import ExportCore

/// The process that a port belongs to. It may have crashed, or be paused.
protocol PortHost: AnyObject {
    /// Identifies the process; a restarted worker has another id.
    var id: Int { get }
    /// Its name in traces.
    var name: String { get }
    /// Puts an event into the process's queue.
    func post(_ event: WorkerEvent)
    /// Runs `body` in the process after `delay` milliseconds, unless it has crashed.
    func later(_ delay: Int64, _ body: @escaping () -> Void)
    /// Runs `body` in the process: never after a crash, after a pause when it is paused.
    func run(_ body: @escaping () -> Void)
}

/// The environment of a port: the log, the group, time and random numbers.
protocol PortEnvironment: AnyObject {
    /// Milliseconds since the start.
    var now: Int64 { get }
    var random: SeededRandom { get set }
    var log: VirtualLog { get }
    var group: VirtualGroup { get }
    var portSettings: PortSettings { get }
    /// Runs `body` at this time.
    func at(_ time: Int64, _ body: @escaping () -> Void)
    func trace(_ line: () -> String)
    /// Records a violation.
    func fail(_ reason: String)
    func count(_ what: String)
    /// Whether a fault occurs now.
    func happens(_ fault: Faults, _ probability: Double) -> Bool
    /// A host starts to read a partition's state, up to this offset.
    func restoring(_ partition: Int, host: any PortHost, from end: Int64)
}

/// The settings of ports.
struct PortSettings {
    var partitions: Int
    /// How long a transaction may stay open.
    var transactionTimeout: Int64
    var generation = DisabledChecks.Generation.ofCallback
    /// The limits of the topics.
    var limits = VirtualLimits()
    /// Whether the records that the brokers refuse are identified.
    var isolatesRefusals = true
    /// How often a port checks that its jobs partitions are those that were restored; `nil` for never.
    var continuityInterval: Int64?
}

/// The delivery guarantee of commits.
public enum Delivery: String, Sendable, CaseIterable {
    /// Records and positions in one transaction.
    case exactlyOnce = "exactly-once"
    /// Events and dead letters, then the state, then the positions.
    case atLeastOnce = "at-least-once"
}
