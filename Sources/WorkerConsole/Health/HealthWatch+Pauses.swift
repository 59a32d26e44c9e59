import ExportCore
import WorkerTelemetry

extension HealthWatch {
    /// One reason for each pause.
    func pauseReasons(_ status: WorkerStatus) -> [HealthReason] {
        PausedJobs.all(in: status).map { paused in
            HealthReason(
                .jobsPaused,
                severity: .degraded,
                "An operator has paused \(paused.pause.phrase).",
                remedy: texts.remedy(for: paused.pause)
            )
        }
    }
}

/// A pause and the partitions in which it is in effect.
struct PausedJobs {
    var pause: JobPause
    var partitions: [Int32]

    /// The pauses of all partitions, the oldest first. Each partition decides them at a time of its own.
    static func all(in status: WorkerStatus) -> [PausedJobs] {
        var found: [PausedJobs] = []
        for partition in status.partitions {
            for pause in partition.pauses {
                let place = found.firstIndex { known in
                    var same = pause
                    same.since = known.pause.since
                    return same == known.pause
                }
                if let place {
                    found[place].partitions.append(partition.partition)
                    found[place].pause.since = [found[place].pause.since, pause.since].compactMap { $0 }.min()
                } else {
                    found.append(PausedJobs(pause: pause, partitions: [partition.partition]))
                }
            }
        }
        return found.sorted { ($0.pause.since?.milliseconds ?? 0) < ($1.pause.since?.milliseconds ?? 0) }
    }
}
