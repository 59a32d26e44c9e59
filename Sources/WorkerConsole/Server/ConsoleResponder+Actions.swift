import ExportCore
import ExportRecords
import Foundation
import HTTPTypes
import Hummingbird
import Logging

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
    /// Performs an action if the request may.
    func act(_ action: ActionRequest, _ request: Request, _ context: ConsoleContext) async -> Response {
        let address = context.client ?? "unknown"
        guard let actions else { return Self.actionsDisabled }
        if let refusal = refusal(of: request, action.name, address) { return refusal }
        guard actionRequests.enter() else {
            return Self.error(
                .serviceUnavailable,
                "Too many actions are in progress.",
                remedy: "Try again in some seconds. A repeated action changes nothing."
            )
        }
        defer { actionRequests.leave() }
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
                try await actions.cancel(id, partition: try await partition(ofOpen: id))
                document = ActionDocument(action: action.name, jobId: id)
            case .retry(let id):
                let new = try await actions.retry(id, partition: try await partition(ofAny: id))
                document = ActionDocument(action: action.name, jobId: id, newJobId: new)
            case .pause:
                let pause = try PauseBody.read(try await Self.body(request)).pause()
                try await checkAccount(pause.target.account)
                document = ActionDocument(action: action.name, partitions: try await actions.pause(pause))
            case .resume:
                let target = try PauseBody.read(try await Self.body(request), only: ["account", "kind"]).target()
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

    // MARK: Partitions

    /// The partition of a job that has not finished. Its id may have finished in another one, before partitions were added.
    private func partition(ofOpen id: String) async throws(ConsoleActionFailure) -> Int32 {
        let own = try await ownJob(id)
        if let own, own.isOpen { return own.partition }
        let others = await fleet.othersJob(id, or: own)
        if let found = others.found, found.isOpen { return found.partition }
        try Self.check(others.silent)
        guard let found = others.found, !found.isRejectedRecord else { throw Self.unknown(id) }
        throw ConsoleActionFailure(
            isFinal: true,
            message: "The job '\(id)' has finished as \(found.status ?? found.phase)."
        )
    }

    /// The partition that knows a job, whichever worker owns it.
    private func partition(ofAny id: String) async throws(ConsoleActionFailure) -> Int32 {
        let own = try await ownJob(id)
        if let own, !own.isRejectedRecord { return own.partition }
        let others = await fleet.othersJob(id, or: nil)
        if let found = others.found, !found.isRejectedRecord { return found.partition }
        try Self.check(others.silent)
        throw Self.unknown(id)
    }

    private func ownJob(_ id: String) async throws(ConsoleActionFailure) -> JobDocument? {
        guard JobLimits.isJobID(id) else {
            throw ConsoleActionFailure(isFinal: true, message: "The path has no valid jobId.")
        }
        guard let own = await fleet.ownJob(id) else {
            throw ConsoleActionFailure(isFinal: false, message: "The engine does not answer.")
        }
        return own
    }

    private static func check(_ silent: [FleetClient.Failure]) throws(ConsoleActionFailure) {
        guard let first = silent.first else { return }
        throw ConsoleActionFailure(
            isFinal: false,
            message: "The job may be known to a worker that does not answer. \(first.message)"
        )
    }

    private static func unknown(_ id: String) -> ConsoleActionFailure {
        ConsoleActionFailure(isFinal: true, message: "No worker of the group knows the job '\(id)'.")
    }

    // MARK: Pauses

    private static func body(_ request: Request) async throws(ConsoleActionFailure) -> Data {
        guard let buffer = try? await request.body.collect(upTo: PauseBody.longest) else {
            throw ConsoleActionFailure(isFinal: true, message: "The body is longer than \(PauseBody.longest) bytes.")
        }
        return Data(buffer.readableBytesView)
    }

    /// Refuses an account that no worker has. While a worker is missing, the account may be one of its own.
    private func checkAccount(_ account: String?) async throws(ConsoleActionFailure) {
        guard let account else { return }
        let fleet = await fleet.document()
        guard !fleet.isPartial, !fleet.accounts.contains(where: { $0.name == account }) else { return }
        throw ConsoleActionFailure(
            isFinal: true,
            message: "No worker of the group has the account \(Disclosure.quoted(account))."
        )
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
