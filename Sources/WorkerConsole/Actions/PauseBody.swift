import ExportCore
import ExportRecords
import Foundation
import Primitives

/// The body of a request that pauses or resumes.
struct PauseBody: Decodable {
    var account: String?
    var kind: String?
    var until: String?
    var reason: String?
    var calls: Bool?

    /// A field whose value does not matter.
    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }

    static let longest = 16 * 1_024
    private static let fields = ["account", "kind", "until", "reason", "calls"]

    /// Reads a body; an empty one has no field. An unknown field is refused: without a misspelled `account` every account
    /// would be meant.
    static func read(_ data: Data, only fields: [String] = fields) throws(ConsoleActionFailure) -> PauseBody {
        guard !data.isEmpty else { return PauseBody() }
        let decoder = JSONDecoder()
        guard let given = try? decoder.decode([String: Ignored].self, from: data),
            let body = try? decoder.decode(PauseBody.self, from: data)
        else {
            throw ConsoleActionFailure(
                isFinal: true,
                message:
                    "The body is no JSON object with account, kind, until and reason as strings and calls as a boolean."
            )
        }
        let unknown = given.keys.filter { !fields.contains($0) }.sorted().prefix(5)
        guard unknown.isEmpty else {
            let names = unknown.map(Disclosure.quoted).joined(separator: ", ")
            throw ConsoleActionFailure(
                isFinal: true,
                message: "The body has unknown fields: \(names). It may have \(fields.joined(separator: ", "))."
            )
        }
        return body
    }

    /// Which jobs are meant.
    func target() throws(ConsoleActionFailure) -> PauseTarget {
        var target = PauseTarget(account: account, kind: nil)
        if let name = kind {
            target.kind = ExportKind(name: name)
            guard target.kind != nil else {
                throw ConsoleActionFailure(isFinal: true, message: "kind must be transactionHistory or payments.")
            }
        }
        guard account?.isEmpty != true, account?.utf8.count ?? 0 <= JobLimits.accountBytes else {
            throw ConsoleActionFailure(
                isFinal: true,
                message: "account must have 1 to \(JobLimits.accountBytes) bytes."
            )
        }
        return target
    }

    /// The pause.
    func pause() throws(ConsoleActionFailure) -> JobPause {
        var pause = JobPause(target: try target(), reason: reason, holdsCalls: calls ?? false)
        guard reason?.utf8.count ?? 0 <= JobLimits.reasonBytes else {
            throw ConsoleActionFailure(
                isFinal: true,
                message: "reason must have at most \(JobLimits.reasonBytes) bytes."
            )
        }
        guard let text = until else { return pause }
        guard let until = Timestamp(rfc3339: text), until.milliseconds > Date().instant.milliseconds else {
            throw ConsoleActionFailure(isFinal: true, message: "until must be an RFC 3339 time in the future.")
        }
        pause.until = Instant(milliseconds: until.milliseconds)
        return pause
    }
}
