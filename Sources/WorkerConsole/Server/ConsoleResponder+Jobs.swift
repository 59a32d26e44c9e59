import ExportCore
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
            guard lists.enter() else { return Self.busy }
            defer { lists.leave() }
            return await fleet.jobs(query).map { Self.json(.ok, $0) } ?? Self.silent
        } catch {
            return Self.error(.badRequest, error.message, remedy: error.remedy)
        }
    }

    /// `/api/jobs/{jobId}`.
    func job(_ encoded: Substring, query text: Substring) async -> Response {
        guard let id = PercentEncoding.decoded(encoded), Self.isJobID(id) else {
            return Self.error(
                .badRequest,
                "The path has no valid jobId.",
                remedy: "A jobId has 1 to 128 characters of A-Z a-z 0-9 . _ : and -."
            )
        }
        guard jobRequests.enter() else { return Self.busy }
        defer { jobRequests.leave() }
        guard let own = await fleet.ownJob(id) else { return Self.silent }
        if let own { return Self.json(.ok, own) }
        guard !Self.isLocal(text) else { return unknown("None of this worker's partitions knows the job.") }
        let others = await fleet.othersJob(id)
        if let found = others.found { return Self.json(.ok, found) }
        guard let silent = others.silent.first else { return unknown("No worker of the group knows the job.") }
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

    private func unknown(_ message: String) -> Response {
        Self.error(.notFound, message, remedy: telemetry.texts.remedy(for: .jobUnknown))
    }

    static func isJobID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
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
