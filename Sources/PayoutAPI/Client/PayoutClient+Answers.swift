import EntraIdentity
import HTTPAccess
import NIOHTTP1
import Primitives

// Reads exports and errors from the service's answers.

extension PayoutClient {
    /// The export in the answer to a POST. Where the body has no id, the `Location` header may have it.
    func createdExport(from answer: HTTPAnswer, call: PayoutCall) throws(PayoutAPIError) -> Export {
        let item = (try? ExportEnvelope(answer.body))?.items.first
        if let item, let requestID = item.requestID?.trimmingBlanks(), !requestID.isEmpty {
            return Export(item, kind: call.kind, requestID: requestID, defaultStatus: .queued)
        }
        if let requestID = self.requestID(inLocationOf: answer, call: call) {
            return Export(item ?? ExportEnvelope.Item(), kind: call.kind, requestID: requestID, defaultStatus: .queued)
        }
        throw violation("the service accepted the request, but its answer has no export id", answer, call)
    }

    private func requestID(inLocationOf answer: HTTPAnswer, call: PayoutCall) -> String? {
        guard let location = answer.headers.first(name: "location") else { return nil }
        let path = location.prefix { $0 != "?" && $0 != "#" }
        guard let segment = path.split(separator: "/").last else { return nil }
        let requestID = String(segment).percentDecoded().trimmingBlanks().contentOfODataKey()
        let isCollection = call.kind.path.lowercased().hasSuffix("/" + requestID.lowercased())
        return requestID.isEmpty || isCollection ? nil : requestID
    }

    /// The export in the answer to a GET.
    func foundExport(
        from answer: HTTPAnswer,
        call: PayoutCall,
        requestID: String
    ) throws(PayoutAPIError) -> Export {
        guard let envelope = try? ExportEnvelope(answer.body) else {
            throw violation("the answer is not JSON", answer, call)
        }
        guard !envelope.items.isEmpty else { throw violation("the answer has no export", answer, call) }
        let wanted = requestID.lowercased()
        let match =
            envelope.items.first { $0.requestID?.lowercased() == wanted }
            ?? envelope.items.first { $0.requestID == nil }
        guard let match else { throw violation("the answer is about another export", answer, call) }
        return Export(match, kind: call.kind, requestID: match.requestID ?? requestID, defaultStatus: .unknown(""))
    }

    private func violation(_ problem: String, _ answer: HTTPAnswer, _ call: PayoutCall) -> PayoutAPIError {
        PayoutAPIError(
            reason: .protocolViolation(problem),
            call: call,
            httpStatus: answer.status,
            support: SupportHeaders(answer.headers)
        )
    }

    /// The error for an answer whose status is not 200 to 299.
    func refusal(_ answer: HTTPAnswer, call: PayoutCall, token: AccessToken) -> PayoutAPIError {
        let service = ServiceError(body: answer.body, secrets: [token.value])
        let reason: PayoutAPIError.Reason =
            switch answer.status {
            case 400: call.operation == .delete ? .conflict : .rejected
            case 401: service?.demandsMFA == true ? .mfaRequired : .unauthorized
            case 403: .forbidden
            // A creation refers to no export: the path does not exist.
            case 404, 410: call.operation == .create ? .rejected : .notFound
            case 408, 425, 500...599: .unavailable
            case 409, 412: .conflict
            case 429: .throttled
            case 402...499: .rejected
            default: .protocolViolation("the service answered with a status that is neither success nor error")
            }
        return PayoutAPIError(
            reason: reason,
            call: call,
            httpStatus: answer.status,
            retryAfter: retryAfter(in: answer.headers, now: environment.clock.now()),
            service: service,
            support: SupportHeaders(answer.headers),
            detail: call.operation == .create && (answer.status == 404 || answer.status == 410)
                ? "the service does not know the path, check the base URL" : nil
        )
    }
}

extension String {
    /// The key in OData's key notation, `payments('id')` or `payments(id)`; the text itself in other notations.
    func contentOfODataKey() -> String {
        guard hasSuffix(")"), let open = firstIndex(of: "(") else { return self }
        let key = self[index(after: open)...].dropLast()
        guard key.count > 1, key.hasPrefix("'"), key.hasSuffix("'") else { return String(key) }
        return String(key.dropFirst().dropLast())
    }
}
