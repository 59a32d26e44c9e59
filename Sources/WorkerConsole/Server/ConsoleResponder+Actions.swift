import ExportCore
import ExportRecords
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Primitives
import WorkerTelemetry

/// The body of a request that pauses or resumes.
private struct PauseBody: Decodable {
    var account: String?
    var kind: String?
    var until: String?
    var reason: String?
    var calls: Bool?
}

/// The answer to an action.
private struct ActionDocument: Encodable {
    var action: String
    var jobId: String?
    /// The new job of a retry.
    var newJobId: String?
    /// How many partitions have the command.
    var partitions: Int?
}

// Requests that change something. They write records to the jobs topic, as the commands do.
extension ConsoleResponder {
    private static let longestBody = 16 * 1_024

    /// Performs an action if the request may.
    func act(_ action: ActionRequest, _ request: Request, _ context: ConsoleContext) async -> Response {
        let address = context.client ?? "unknown"
        guard let actions else { return Self.actionsDisabled }
        let token = ConsoleSession.token(request.headers, acts: true)
        if let refusal = refusal(of: token, action.name, address) { return refusal }
        guard jobRequests.clients.enter() else { return Self.busy }
        defer { jobRequests.clients.leave() }
        return await perform(action, request, actions, address)
    }

    private func perform(
        _ action: ActionRequest,
        _ request: Request,
        _ actions: any ConsoleActions,
        _ address: String
    ) async -> Response {
        do throws(ConsoleActionFailure) {
            let document: ActionDocument
            switch action {
            case .cancel(let id):
                try await actions.cancel(id, partition: try await partition(of: id))
                document = ActionDocument(action: action.name, jobId: id)
            case .retry(let id):
                let new = try await actions.retry(id, partition: try await partition(of: id))
                document = ActionDocument(action: action.name, jobId: id, newJobId: new)
            case .pause:
                let pause = try Self.pause(try await Self.body(request))
                document = ActionDocument(action: action.name, partitions: try await actions.pause(pause))
            case .resume:
                let target = try Self.target(try await Self.body(request))
                document = ActionDocument(action: action.name, partitions: try await actions.resume(target))
            }
            logger.notice("Action performed", metadata: metadata(action, address))
            return Self.json(.accepted, document)
        } catch {
            var metadata = metadata(action, address)
            metadata["error.message"] = "\(error.message)"
            logger.warning("Action failed", metadata: metadata)
            return Self.error(
                error.isFinal ? .conflict : .serviceUnavailable,
                error.message,
                remedy: error.isFinal ? "Correct the request." : "Try again. A repeated action changes nothing."
            )
        }
    }

    /// The partition that knows a job, whichever worker owns it.
    private func partition(of id: String) async throws(ConsoleActionFailure) -> Int32 {
        guard JobLimits.isJobID(id) else {
            throw ConsoleActionFailure(isFinal: true, message: "The path has no valid jobId.")
        }
        guard let own = await fleet.ownJob(id) else {
            throw ConsoleActionFailure(isFinal: false, message: "The engine does not answer.")
        }
        if let own, !own.isRejectedRecord { return own.partition }
        let others = await fleet.othersJob(id, or: nil)
        if let found = others.found, !found.isRejectedRecord { return found.partition }
        guard let silent = others.silent.first else {
            throw ConsoleActionFailure(isFinal: true, message: "No worker of the group knows the job '\(id)'.")
        }
        throw ConsoleActionFailure(
            isFinal: false,
            message: "The job may be known to a worker that does not answer. \(silent.message)"
        )
    }

    // MARK: Bodies

    private static func body(_ request: Request) async throws(ConsoleActionFailure) -> PauseBody {
        guard let buffer = try? await request.body.collect(upTo: longestBody) else {
            throw ConsoleActionFailure(isFinal: true, message: "The body is longer than \(longestBody) bytes.")
        }
        guard buffer.readableBytes > 0 else { return PauseBody() }
        guard let body = try? JSONDecoder().decode(PauseBody.self, from: Data(buffer.readableBytesView)) else {
            throw ConsoleActionFailure(
                isFinal: true,
                message:
                    "The body is no JSON object with account, kind, until and reason as strings and calls as a boolean."
            )
        }
        return body
    }

    private static func target(_ body: PauseBody) throws(ConsoleActionFailure) -> PauseTarget {
        var kind: ExportKind?
        if let name = body.kind {
            kind = ExportKind.allCases.first { $0.name == name }
            guard kind != nil else {
                throw ConsoleActionFailure(isFinal: true, message: "kind must be transactionHistory or payments.")
            }
        }
        guard body.account?.isEmpty != true, body.account?.utf8.count ?? 0 <= JobLimits.accountBytes else {
            throw ConsoleActionFailure(
                isFinal: true,
                message: "account must have 1 to \(JobLimits.accountBytes) bytes."
            )
        }
        return PauseTarget(account: body.account, kind: kind)
    }

    private static func pause(_ body: PauseBody) throws(ConsoleActionFailure) -> JobPause {
        var pause = JobPause(target: try target(body), reason: body.reason, holdsCalls: body.calls ?? false)
        guard body.reason?.utf8.count ?? 0 <= JobLimits.reasonBytes else {
            throw ConsoleActionFailure(
                isFinal: true,
                message: "reason must have at most \(JobLimits.reasonBytes) bytes."
            )
        }
        guard let text = body.until else { return pause }
        guard let until = Timestamp(rfc3339: text), until.milliseconds > Date().instant.milliseconds else {
            throw ConsoleActionFailure(isFinal: true, message: "until must be an RFC 3339 time in the future.")
        }
        pause.until = Instant(milliseconds: until.milliseconds)
        return pause
    }

    // MARK: Answers

    static let actionsDisabled = error(
        .forbidden,
        "This console is read-only: no token is configured.",
        remedy: "Set HTTP_ADMIN_TOKEN and restart the worker, or use the payout-worker command."
    )

    /// Who did what.
    private func metadata(_ action: ActionRequest, _ address: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["action": "\(action.name)", "address": "\(address)"]
        if let id = action.jobID { metadata["job.id"] = "\(id)" }
        return metadata
    }
}
