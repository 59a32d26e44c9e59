import ExportCore
import ExportRecords
import Foundation
import HTTPTypes
import Hummingbird
import Primitives
import WorkerTelemetry

// Answers about jobs and about the fleet.
extension ConsoleResponder {
    /// `/api/jobs`.
    func jobs(_ text: Substring) async -> Response {
        do throws(JobQuery.Problem) {
            let query = try JobQuery(text, now: Date().instant)
            let limiter = query.isLocal ? lists.workers : lists.clients
            guard limiter.enter() else { return Self.busy }
            defer { limiter.leave() }
            return await fleet.jobs(query).map { Self.json(.ok, $0) } ?? Self.silent
        } catch {
            return Self.error(.badRequest, error.message, remedy: error.remedy)
        }
    }

    /// `/api/jobs/{jobId}`.
    func job(_ encoded: Substring, query text: Substring) async -> Response {
        guard let id = PercentEncoding.decoded(encoded), JobLimits.isJobID(id) else {
            return Self.error(
                .badRequest,
                "The path has no valid jobId.",
                remedy: "A jobId has 1 to 128 characters of A-Z a-z 0-9 . _ : and -."
            )
        }
        let isLocal = Self.isLocal(text)
        let limiter = isLocal ? jobRequests.workers : jobRequests.clients
        guard limiter.enter() else { return Self.busy }
        defer { limiter.leave() }
        guard let own = await fleet.ownJob(id) else { return Self.silent }
        if let own, isLocal || !own.isRejectedRecord { return Self.json(.ok, own) }
        guard !isLocal else { return await unknown("None of this worker's partitions knows the job.") }
        let others = await fleet.othersJob(id, or: own)
        if let found = others.found { return Self.json(.ok, found) }
        guard let silent = others.silent.first else { return await unknown("No worker of the group knows the job.") }
        let messages = others.silent.map(\.message).joined(separator: " ")
        return Self.error(
            .serviceUnavailable,
            "The job may be known to a worker that does not answer. \(messages)",
            remedy: silent.remedy
        )
    }

    /// `/api/fleet`.
    func fleet(query text: Substring) async -> Response {
        if Self.isLocal(text) { return Self.json(.ok, await monitor.memberDocument()) }
        return Self.json(.ok, await fleet.document())
    }

    private static func isLocal(_ query: Substring) -> Bool { FormFields(query)?["scope"] == "worker" }

    private func unknown(_ message: String) async -> Response {
        let worker = await monitor.worker
        return Self.json(
            .notFound,
            UnknownJobDocument(
                error: message,
                remedy: telemetry.texts.remedy(for: .jobUnknown),
                group: worker.group,
                worker: worker.id
            )
        )
    }

    static var busy: Response {
        var response = error(
            .serviceUnavailable,
            "Too many questions about jobs wait for an answer.",
            remedy: "Try again in some seconds."
        )
        response.headers[.retryAfter] = "2"
        return response
    }
}
