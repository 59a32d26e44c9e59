public import ExportCore

/// What the log tells that decides nothing.
public enum LogObservation: Sendable {
    /// A commit is stored: records, and seconds from its start.
    case committed(records: Int, seconds: Double)
    /// A commit failed and will be repeated.
    case commitFailed(reason: String)
    /// The log can be reached again (`nil`), or what is wrong.
    case connection(problem: String?)
}

/// Is told what happens: logs, metrics, health. Called on the engine's thread; returns at once.
public protocol WorkerObserver: Sendable {
    /// What the machine reports.
    func report(_ report: Report)
    /// What the log tells.
    func observe(_ observation: LogObservation)
}
