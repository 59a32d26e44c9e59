import Foundation
import WorkerTelemetry

/// Asks other members' consoles for documents. A member that did not answer is not asked again for some seconds, so that it
/// does not delay every request.
actor FleetClient {
    /// Why a member's document is missing.
    struct Failure: Error {
        var message: String
        var remedy: String
    }

    /// A document that names the consumer group of its worker.
    protocol GroupDocument: Decodable, Sendable {
        var group: String { get }
    }

    private let directory: (any FleetDirectory)?
    private let group: String
    private let texts: any OperatorTexts
    private var silent: [FleetMember: (failure: Failure, until: ContinuousClock.Instant)] = [:]

    private static let silence: Duration = .seconds(3)

    init(_ directory: (any FleetDirectory)?, group: String, texts: any OperatorTexts) {
        self.directory = directory
        self.group = group
        self.texts = texts
    }

    /// The members of the group.
    func members() async -> FleetGroup {
        await directory?.group() ?? FleetGroup(members: [], problem: "the members of the group are not read")
    }

    /// A member's document.
    ///
    /// - Returns: `nil` where it answers that it knows nothing (404).
    func document<Document: GroupDocument>(
        _ type: Document.Type,
        _ path: String,
        from member: FleetMember
    ) async -> Result<Document?, Failure> {
        if let known = silent[member], known.until > .now { return .failure(known.failure) }
        silent[member] = nil
        guard let directory, member.address != nil else {
            return .failure(failure(member, "its console's port is unknown"))
        }
        switch await directory.get(path, from: member) {
        case .unreachable(let reason):
            let failure = failure(member, reason)
            silent = silent.filter { $0.value.until > .now }
            silent[member] = (failure, .now + Self.silence)
            return .failure(failure)
        case .response(404, _): return .success(nil)
        case .response(let status, let body):
            guard status == 200 else {
                let document = try? JSONDecoder().decode(ErrorDocument.self, from: Data(body))
                let text = document.map { ": " + Disclosure.clean(String($0.error.prefix(300))) } ?? ""
                return .failure(failure(member, "it answered with status \(status)\(text)"))
            }
            guard let document = try? JSONDecoder().decode(type, from: Data(body)), document.group == group else {
                return .failure(
                    failure(member, "another program, or a worker of another group or version, answers there")
                )
            }
            return .success(document)
        }
    }

    private func failure(_ member: FleetMember, _ reason: String) -> Failure {
        let place = member.address.map { " at \($0)" } ?? ""
        return Failure(
            message: Disclosure.clean("Worker \(member.name)\(place) does not answer: \(reason)."),
            remedy: texts.remedy(for: .workerUnreachable)
        )
    }
}

extension JobListDocument: FleetClient.GroupDocument {}
extension JobDocument: FleetClient.GroupDocument {}
extension MemberDocument: FleetClient.GroupDocument {}
