import Crypto
import ExportCore
import ExportRecords
import FileStores
import Foundation
import PayoutSandbox
import WorkerExports

/// Compares what became of the demo's jobs with what should have.
struct DemoReport {
    /// Something that has to be so.
    struct Check: Encodable {
        var what: String
        var ok: Bool
        var problems: [String]

        init(what: String, problems: [String]) {
            self.what = what
            self.problems = problems
            ok = problems.isEmpty
        }
    }

    let plan: DemoPlan
    let outcome: DemoOutcome
    let checks: [Check]

    var isGood: Bool { checks.allSatisfy(\.ok) }

    /// - Parameter fileProblems: What is wrong with the stored files.
    init(plan: DemoPlan, outcome: DemoOutcome, fileProblems: [String], sandbox: PayoutSandbox) {
        self.plan = plan
        self.outcome = outcome
        let exports = Dictionary(grouping: sandbox.exports) { $0.correlationID?.lowercased() ?? "" }
        func count(_ id: String) -> Int {
            exports[UUID.correlationID(job: id).uuidString.lowercased()]?.count ?? 0
        }
        let again = plan.repeated.id
        checks = [
            Check(
                what: "every job completed",
                problems: plan.jobs.compactMap { Self.completion($0.id, outcome.events[$0.id]) }
            ),
            Check(
                what: "every file is there, with the size and the SHA-256 that its event tells",
                problems: fileProblems
            ),
            Check(
                what: "the job that was enqueued twice (\(again)) has one export at the service",
                problems: count(again) == 1 ? [] : ["it has \(count(again))"]
            ),
            Check(
                what: "no other job has more than one",
                problems: plan.jobs.map(\.id).filter { $0 != again && count($0) != 1 }.map { "\($0) has \(count($0))" }
            ),
            Check(
                what: "the job that is not valid was rejected, with the fields to blame",
                problems: Self.rejection(outcome.events[plan.invalidID])
            ),
            Check(
                what: "no job has two different ends",
                problems: outcome.contradictions.map { "\($0) has" }
            ),
        ]
    }

    private static func completion(_ id: String, _ event: CompletionEventDocument?) -> String? {
        guard let event else { return "\(id) has no event" }
        guard event.status == "completed" else { return "\(id) is \(event.status): \(event.error?.message ?? "")" }
        return event.files.isEmpty ? "\(id) has no file" : nil
    }

    private static func rejection(_ event: CompletionEventDocument?) -> [String] {
        guard let event else { return ["it has no event"] }
        guard event.status == "rejected" else { return ["it is \(event.status)"] }
        let fields = Set(event.error?.details.map(\.field) ?? [])
        return fields.contains("kind") ? [] : ["the event does not name the field 'kind'"]
    }

    // MARK: Printing

    var text: String {
        var table = TextTable(
            ["JOB", "KIND", "FORMAT", "STATUS", "TOOK", "SIZE", "FILE OR ERROR"],
            rightAligned: [4, 5]
        )
        for id in plan.jobs.map(\.id) + [plan.invalidID] {
            guard let event = outcome.events[id] else {
                table.add([id, "-", "-", "no event", "-", "-", ""])
                continue
            }
            table.add([
                id, event.kind ?? "-", event.fileFormat ?? "-", event.status, event.took.map(Readable.duration) ?? "-",
                event.files.first?.sizeBytes.map(Readable.size) ?? "-", EventLine.outcome(event),
            ])
        }
        var lines = [table.rendered, ""]
        for check in checks {
            lines.append("\(check.ok ? "ok" : "NOT OK"): \(check.what)")
            lines += check.problems.map { "  \($0)" }
        }
        lines.append("\(isGood ? "All is well" : "Something is missing") after \(Readable.duration(outcome.elapsed)).")
        return lines.joined(separator: "\n")
    }

    struct Document: Encodable {
        var ok: Bool
        var checks: [Check]
        var events: [CompletionEventDocument]
    }

    var document: Document {
        Document(ok: isGood, checks: checks, events: outcome.events.values.sorted { $0.jobId < $1.jobId })
    }
}

/// Compares stored files with what their events tell, reading them back from the store.
struct FileCheck: Sendable {
    /// A demo's files are small.
    private static let limit = 64 * 1_024 * 1_024

    let store: (any FileStore)?

    /// What is wrong with a file; `nil` when nothing is.
    func problem(_ file: CompletionEventDocument.File) async -> String? {
        guard file.stored, let store else { return "the file was not stored" }
        do throws(FileStoreError) {
            guard let bytes = try await store.read(file.location, limit: Self.limit) else {
                return "\(file.location) does not exist"
            }
            guard Int64(bytes.count) == file.sizeBytes else {
                return "\(file.location) has \(bytes.count) bytes instead of \(file.sizeBytes.map(String.init) ?? "?")"
            }
            let digest = SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            return digest.joined() == file.sha256 ? nil : "\(file.location) has another SHA-256 than its event tells"
        } catch {
            return error.description
        }
    }

    /// The first thing wrong with a job's files, for each job that has such a thing.
    func problems(_ jobs: [ExportJob], _ outcome: DemoOutcome) async -> [String] {
        var problems: [String] = []
        for job in jobs {
            for file in outcome.events[job.id]?.files ?? [] {
                guard let problem = await problem(file) else { continue }
                problems.append("\(job.id): \(problem)")
                break
            }
        }
        return problems
    }
}
