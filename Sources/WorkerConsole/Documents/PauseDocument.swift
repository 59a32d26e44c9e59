import ExportCore
import WorkerTelemetry

/// Jobs that an operator has paused, for programs and for people.
struct PauseDocument: Codable, Sendable, Equatable {
    /// The account of the jobs; absent for all.
    var account: String?
    /// Which resource they export; absent for both.
    var kind: String?
    /// Whether polls and downloads are paused too.
    var calls: Bool
    var reason: String?
    var since: String?
    /// When the pause ends automatically.
    var until: String?
    /// Where it is in effect.
    var partitions: [Int32]
    /// How to end it.
    var remedy: String

    init(_ paused: PausedJobs, _ texts: any OperatorTexts) {
        let pause = paused.pause
        account = pause.target.account
        kind = pause.target.kind?.name
        calls = pause.holdsCalls
        reason = pause.reason.map(Disclosure.clean)
        since = pause.since?.text
        until = pause.until?.text
        partitions = paused.partitions
        remedy = texts.remedy(for: pause)
    }

    /// The pauses of all workers: equal ones once, with the partitions of all.
    static func merged(_ pauses: [PauseDocument]) -> [PauseDocument] {
        var found: [PauseDocument] = []
        for pause in pauses {
            let place = found.firstIndex { known in
                var same = pause
                (same.since, same.partitions) = (known.since, known.partitions)
                return same == known
            }
            guard let place else {
                found.append(pause)
                continue
            }
            found[place].partitions = (found[place].partitions + pause.partitions).sorted()
            found[place].since = [found[place].since, pause.since].compactMap { $0 }.min()
        }
        return found
    }
}
