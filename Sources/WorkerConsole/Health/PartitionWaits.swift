import ExportCore

extension HealthWatch {
    /// What a partition waits for, in words.
    func waits(of partition: WorkerStatus.Partition) -> String {
        let age = Words.duration(age(of: partition))
        switch partition.lifecycle {
        case .restoring: return "Its state topic partition to be read, for \(age) now."
        case .stopped(let reason): return "Somebody to act: \(reason)"
        case .draining: return "Its hand-over, for \(age) now: the answers to calls under way, and its last commit."
        case .active: return active(partition)
        }
    }

    private func active(_ partition: WorkerStatus.Partition) -> String {
        var clauses: [String] = []
        if let commitAge, commitAge >= .seconds(5) {
            clauses.append("the commit under way, for \(Words.duration(commitAge)) now")
        }
        if let age = intakeAge(of: partition), age >= .seconds(5) {
            clauses.append("\(Words.count(Int(partition.unread), "record")) to be read, for \(Words.duration(age)) now")
        }
        let open = JobPhase.allCases.filter { $0 != .finished }.reduce(0) { $0 + (partition.jobs[$1] ?? 0) }
        clauses += jobClauses(partition)
        if open > 0, let paused = pausedAccounts { clauses.append(paused) }
        if let status = lastStatus, !status.intakePauses.isEmpty {
            let names = status.intakePauses.sorted { $0.rawValue < $1.rawValue }.map(\.label)
            clauses.append("intake, which is paused (\(names.joined(separator: ", ")))")
        } else if open == 0, partition.unread == 0 {
            clauses.append("new jobs")
        }
        if open > 0, let next = nextTimer(of: partition) { clauses.append(next) }
        let text = clauses.joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private func jobClauses(_ partition: WorkerStatus.Partition) -> [String] {
        func count(_ phase: JobPhase) -> Int { partition.jobs[phase] ?? 0 }
        var clauses: [String] = []
        if count(.submitting) > 0 { clauses.append("the turn of \(Words.count(count(.submitting), "submission"))") }
        if count(.waiting) > 0 { clauses.append("the service, with \(Words.count(count(.waiting), "export"))") }
        if count(.ready) > 0 { clauses.append(Words.count(count(.ready), "download")) }
        if count(.accepted) > 0 { clauses.append("the notBefore of \(Words.count(count(.accepted), "job"))") }
        return clauses
    }

    private var pausedAccounts: String? {
        let names = lastStatus?.accounts.filter { $0.problem != nil }.map { "'\($0.name)'" } ?? []
        guard !names.isEmpty else { return nil }
        return "paused \(names.count == 1 ? "account" : "accounts") \(names.joined(separator: ", "))"
    }

    private func nextTimer(of partition: WorkerStatus.Partition) -> String? {
        guard let wake = partition.nextWake, let wallClock = sample?.wallClock, wake > wallClock else { return nil }
        return "next timer in \(Words.duration(wallClock.duration(to: wake)))"
    }
}
