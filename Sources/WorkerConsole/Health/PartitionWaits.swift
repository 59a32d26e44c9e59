import ExportCore
import WorkerRuntime
import WorkerTelemetry

extension HealthWatch {
    /// What a partition waits for, as a sentence.
    func waits(of partition: WorkerStatus.Partition) -> String {
        let age = Formatting.duration(age(of: partition))
        switch partition.lifecycle {
        case .restoring: return "The restore of its state, for \(age) now."
        case .stopped(let reason):
            return "An operator: \(reason.explanation) \(texts.remedy(for: reason, partition: partition.partition))"
        case .draining: return "Its release, for \(age) now: the answers to calls in flight, and its last commit."
        case .active: return active(partition)
        }
    }

    private func active(_ partition: WorkerStatus.Partition) -> String {
        var clauses: [String] = []
        if let commitAge, commitAge >= .seconds(5) {
            clauses.append("the commit in progress, for \(Formatting.duration(commitAge)) now")
        }
        if let age = intakeAge(of: partition), age >= .seconds(5) {
            clauses.append(
                "\(Formatting.count(Int(partition.unread), "record")) to be read, for \(Formatting.duration(age)) now"
            )
        }
        if let kept = partition.keptBack, let age = keptBackAge(of: partition), age >= .seconds(5) {
            clauses.append(
                "the end of an open transaction of another producer, which holds back offsets from "
                    + "\(kept.lowerBound) to \(kept.upperBound), for \(Formatting.duration(age)) now"
            )
        }
        let open = JobPhase.allCases.filter { $0 != .finished }.reduce(0) { $0 + (partition.jobs[$1] ?? 0) }
        clauses += jobClauses(partition)
        if open > 0, let paused = pausedAccounts { clauses.append(paused) }
        if let status = lastStatus, !status.intakePauses.isEmpty {
            let names = status.intakePauses.map(\.rawValue).sorted()
            clauses.append("intake, which is paused (\(names.joined(separator: ", ")))")
        } else if open == 0, partition.unread == 0, partition.keptBack == nil {
            clauses.append("new jobs")
        }
        if open > 0, let next = nextTimer(of: partition) { clauses.append(next) }
        let text = clauses.joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private func jobClauses(_ partition: WorkerStatus.Partition) -> [String] {
        func count(_ phase: JobPhase) -> Int { partition.jobs[phase] ?? 0 }
        var clauses: [String] = []
        if count(.submitting) > 0 {
            clauses.append("the turn of \(Formatting.count(count(.submitting), "submission"))")
        }
        if count(.waiting) > 0 { clauses.append("the service, with \(Formatting.count(count(.waiting), "export"))") }
        if count(.ready) > 0 { clauses.append(Formatting.count(count(.ready), "download")) }
        if count(.accepted) > 0 { clauses.append("the notBefore of \(Formatting.count(count(.accepted), "job"))") }
        return clauses
    }

    private var pausedAccounts: String? {
        let names = lastStatus?.accounts.filter { $0.problem != nil }.map { "'\($0.name)'" } ?? []
        guard !names.isEmpty else { return nil }
        return "paused \(names.count == 1 ? "account" : "accounts") \(names.joined(separator: ", "))"
    }

    private func nextTimer(of partition: WorkerStatus.Partition) -> String? {
        guard let wake = partition.nextWake, let wallClock = sample?.wallClock, wake > wallClock else { return nil }
        return "next timer in \(Formatting.duration(wallClock.duration(to: wake)))"
    }
}
