import Crypto
import ExportCore
import ExportRecords
import FileStores
import Foundation
import PayoutSandbox
import Primitives
import WorkerExports

/// Checks the results of the demo's jobs.
struct DemoReport {
    /// A condition and its problems.
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

    /// - Parameter fileProblems: The problems with the stored files.
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
                what: "every file exists, with the size and the SHA-256 in its event",
                problems: fileProblems
            ),
            Check(
                what: "the job enqueued twice (\(again)) has exactly one export at the service",
                problems: count(again) == 1 ? [] : ["it has \(count(again))"]
            ),
            Check(
                what: "every other job has exactly one export at the service",
                problems: plan.jobs.map(\.id).filter { $0 != again && count($0) != 1 }.map { "\($0) has \(count($0))" }
            ),
            Check(
                what: "the invalid job was rejected, and its event names the invalid fields",
                problems: Self.rejection(outcome.events[plan.invalidID])
            ),
            Check(
                what: "no job has two different events",
                problems: outcome.contradictions.map { "\($0) has two different events" }
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

    /// - Parameter width: the most characters of a line of the table; `nil` for no limit.
    func text(fitting width: Int?) -> String {
        var table = TextTable(
            ["JOB", "KIND", "FORMAT", "STATUS", "TOOK", "SIZE", "FILE OR ERROR"],
            rightAligned: [4, 5],
            optional: [1, 2]
        )
        for id in plan.jobs.map(\.id) + [plan.invalidID] {
            guard let event = outcome.events[id] else {
                table.add([id, "-", "-", "no event", "-", "-", ""])
                continue
            }
            table.add([
                id, event.kind ?? "-", event.fileFormat ?? "-", event.status, event.took.map(\.shortText) ?? "-",
                event.files.first?.sizeBytes.map(Formatting.size) ?? "-", EventLine.outcome(event),
            ])
        }
        var lines = [table.rendered(fitting: width), ""]
        for check in checks {
            lines.append("\(check.ok ? "ok" : "NOT OK"): \(check.what)")
            lines += check.problems.map { "  \($0)" }
        }
        lines.append("\(isGood ? "All checks passed" : "Some checks failed") after \(outcome.elapsed.shortText).")
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

/// Reads stored files from the store and compares them with their events.
struct FileCheck: Sendable {
    /// The files of the demo are smaller.
    private static let limit = 64 * 1_024 * 1_024

    let store: (any FileStore)?

    /// The problem with a file; `nil` if there is none.
    func problem(_ file: CompletionEventDocument.File) async -> String? {
        guard file.stored, let store else { return "the file was not stored" }
        do throws(FileStoreError) {
            guard let bytes = try await store.read(file.location, limit: Self.limit) else {
                return "\(file.location) does not exist"
            }
            guard Int64(bytes.count) == file.sizeBytes else {
                return "\(file.location) has \(bytes.count) bytes instead of \(file.sizeBytes.map(String.init) ?? "?")"
            }
            let digest = Hexadecimal.encoded(SHA256.hash(data: bytes))
            return digest == file.sha256 ? nil : "\(file.location) has another SHA-256 than its event"
        } catch {
            return error.description
        }
    }

    /// The first problem with the files of each job.
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
