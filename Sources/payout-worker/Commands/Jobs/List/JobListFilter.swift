import ArgumentParser
import ExportCore
import ExportRecords
import Foundation

/// Which jobs the commands for jobs are about: `jobs list`, and the others where no ids are given.
struct JobListFilter {
    /// Names of phases and statuses.
    private(set) var states: Set<String> = []
    var account: String?
    var batch: String?
    var kind: ExportKind?
    var text: String?
    var olderThan: Duration?
    var since: Instant?
    /// Members of the jobs' metadata.
    var metadata: [String: String] = [:]

    private static let open = JobPhase.allCases.filter { $0 != .finished }.map(\.name)
    private static let known = JobPhase.allCases.map(\.name) + JobStatus.allCases.map(\.name)

    /// Adds states by name, separated by commas.
    mutating func add(states text: String) throws {
        for name in text.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if name == "open" {
                states.formUnion(Self.open)
            } else if Self.known.contains(name) {
                states.insert(name)
            } else {
                throw ValidationError(
                    "--status: '\(name)' is unknown. Use open, \(Self.known.joined(separator: ", ")), separated by commas."
                )
            }
        }
    }

    /// Whether rejected records are listed, which only the results topic contains.
    var includesRejected: Bool { includes(JobStatus.rejected.name) }

    private func includes(_ state: String) -> Bool {
        let isFinished = JobStatus.allCases.contains { $0.name == state }
        return states.contains(state) || (isFinished && states.contains(JobPhase.finished.name))
    }

    /// Whether a job is listed.
    func matches(_ row: JobRow, at now: Instant) -> Bool {
        guard includes(row.state) else { return false }
        if let account, row.account != account { return false }
        if let batch, row.batch != batch { return false }
        if let kind, row.kind != kind.name { return false }
        if let accepted = Instant(rfc3339: row.acceptedAt) {
            let age = accepted.duration(to: now)
            if let olderThan, age < olderThan { return false }
            if let since, accepted < since { return false }
        }
        guard metadata.allSatisfy({ row.metadata?[$0.key] == $0.value }) else { return false }
        guard let text else { return true }
        let places = [row.jobId, row.requestId ?? ""] + (row.metadata ?? [:]).flatMap { [$0.key, $0.value] }
        return places.contains { $0.range(of: text, options: .caseInsensitive) != nil }
    }
}
