import Foundation
import HTTPTypes
import Primitives

extension ServiceState {
    /// Answers the paths by which tests and checkers control and read the sandbox, without faults, rate limit or count.
    mutating func controlReply(to request: ServiceRequest) -> ServiceReply {
        switch (request.method, request.path) {
        case (.get, "/_sandbox/journal"):
            return journalReply(to: request)
        case (.get, "/_sandbox/stats"):
            return .json(statsJSON())
        case (.get, "/_sandbox/faults"):
            return faultsReply()
        case (.put, "/_sandbox/faults"), (.post, "/_sandbox/faults"):
            return setFaults(request)
        case (.delete, "/_sandbox/faults"):
            plan.faults = []
            return faultsReply()
        case (.post, "/_sandbox/reset"):
            reset()
            return .json(Array("{}".utf8))
        case (.post, "/_sandbox/tokens/revoke"):
            tokens.revokeAccessTokens()
            if FormFields(request.query)?["refresh"] == "true" { tokens.revokeRefreshTokens() }
            return .json(Array("{}".utf8))
        case (.put, "/_sandbox/sign-in"):
            return setSignIn(request)
        case (.delete, let path) where path.hasPrefix("/_sandbox/exports/"):
            return deleteByHand(path.split(separator: "/").last ?? "")
        default:
            return ServiceError(404, "itemNotFound", "No such control path, or not by this method.").reply()
        }
    }

    /// The changes of the sign-in by a checker; omitted members stay unchanged.
    private struct SignInDocument: Decodable {
        /// `approves`, `asks`, `declines` or `isBlockedByPolicy`.
        var person: String?
        var usesMFA: Bool?
        /// The share of calls at which multi-factor authentication is enforced.
        var mfaEnforcement: Double?
    }

    private mutating func setSignIn(_ request: ServiceRequest) -> ServiceReply {
        guard let wanted = try? JSONDecoder().decode(SignInDocument.self, from: Data(request.body)) else {
            return ServiceError.invalidRequest("The body is no description of signing in.").reply()
        }
        switch wanted.person {
        case nil: break
        case "approves": configuration.signIn.person = .approves
        case "asks": configuration.signIn.person = .asks
        case "declines": configuration.signIn.person = .declines
        case "isBlockedByPolicy": configuration.signIn.person = .isBlockedByPolicy
        case _?: return ServiceError.invalidRequest("There is no such person.", target: "person").reply()
        }
        if let usesMFA = wanted.usesMFA { configuration.signIn.usesMFA = usesMFA }
        if let share = wanted.mfaEnforcement { configuration.mfa.enforcement = .init(share: share) }
        return .json(Array("{}".utf8))
    }

    /// Deletes an export in any state, as a person may do in the portal. False when there is none.
    mutating func deleteExport(_ id: GUID) -> Bool {
        guard let index = store.index(of: id) else { return false }
        store[index].removal = .deleted
        stats.exportsDeleted += 1
        return true
    }

    private mutating func deleteByHand(_ id: Substring) -> ServiceReply {
        guard let id = GUID(id), deleteExport(id) else { return ServiceError.notFound.reply() }
        return .json(Array("{}".utf8))
    }

    private func journalReply(to request: ServiceRequest) -> ServiceReply {
        let fields = FormFields(request.query)
        if let id = fields?["requestId"] {
            guard let id = GUID(id), let index = store.index(of: id) else { return ServiceError.notFound.reply() }
            return .json(factsJSON(at: index, now: now))
        }
        var reply = ServiceReply(status: 200)
        let isLines = fields?["format"] == "jsonl"
        reply.fields[.contentType] = isLines ? "application/jsonl" : "application/json; charset=utf-8"
        reply.body = .journal(isLines ? .lines : .document)
        return reply
    }

    private mutating func setFaults(_ request: ServiceRequest) -> ServiceReply {
        do {
            let list = try FaultList(json: request.body)
            // PUT replaces, POST adds.
            plan.faults = request.method == .put ? list.faults : plan.faults + list.faults
            return faultsReply()
        } catch let error as DecodingError {
            return ServiceError.invalidRequest(Self.explanation(of: error), target: "faults").reply()
        } catch {
            return ServiceError.invalidRequest("The body is no list of faults.", target: "faults").reply()
        }
    }

    private func faultsReply() -> ServiceReply {
        guard let json = try? FaultList(faults: plan.faults).json() else {
            return ServiceError(500, "generalException", "The faults could not be written.").reply()
        }
        return .json(json)
    }

    private static func explanation(of error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.debugDescription
        case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing."
        @unknown default: "The body is no list of faults."
        }
    }
}
