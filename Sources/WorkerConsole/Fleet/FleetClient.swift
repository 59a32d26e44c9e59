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

    /// A document that names the worker that answers, and its consumer group.
    protocol Answer: Decodable, Sendable {
        var group: String { get }
        var workerID: String { get }
        /// Whether its numbers can be those of a worker. Others could not be added up.
        var isPlausible: Bool { get }
    }

    /// What a member knows about a job.
    enum JobAnswer: Sendable {
        case found(JobDocument)
        case unknown(workerID: String)
    }

    typealias JobResult = Result<JobAnswer, Failure>
    private typealias Response = (status: Int, body: Data)

    private let directory: (any FleetDirectory)?
    /// Whether the worker has no others to ask.
    nonisolated let isAlone: Bool
    private let group: String
    private let texts: any OperatorTexts
    private var silent: [FleetMember: (failure: Failure, until: ContinuousClock.Instant)] = [:]

    private static let silence: Duration = .seconds(3)

    init(_ directory: (any FleetDirectory)?, group: String, texts: any OperatorTexts) {
        self.directory = directory
        isAlone = directory == nil
        self.group = group
        self.texts = texts
    }

    /// The members of the group.
    func members() async -> FleetGroup {
        await directory?.group() ?? FleetGroup(members: [], problem: "the members of the group are not read")
    }

    /// A member's document.
    func document<Document: Answer>(
        _ type: Document.Type,
        _ path: String,
        from member: FleetMember
    ) async -> Result<Document, Failure> {
        await get(path, from: member).flatMap { response in
            document(type, in: response, status: 200).map { .success($0) } ?? .failure(failure(member, response))
        }
    }

    /// What a member knows about a job.
    func job(_ id: String, from member: FleetMember) async -> JobResult {
        // A job's id needs no escapes.
        await get("/api/jobs/\(id)?scope=worker", from: member).flatMap { response in
            if let found = document(JobDocument.self, in: response, status: 200) { return .success(.found(found)) }
            // Any program answers 404. Only a worker of the group knows whether it has the job.
            if let unknown = document(UnknownJobDocument.self, in: response, status: 404) {
                return .success(.unknown(workerID: unknown.worker))
            }
            return .failure(failure(member, response))
        }
    }

    private func get(_ path: String, from member: FleetMember) async -> Result<Response, Failure> {
        if let known = silent[member], known.until > .now { return .failure(known.failure) }
        silent[member] = nil
        guard let directory, member.address != nil else {
            return .failure(failure(member, "its console's port is unknown"))
        }
        switch await directory.get(path, from: member) {
        case .response(let status, let body): return .success((status, Data(body)))
        case .unreachable(let reason):
            let failure = failure(member, reason)
            // The end of a question that its asker has given up says nothing about the member.
            guard !Task.isCancelled else { return .failure(failure) }
            silent = silent.filter { $0.value.until > .now }
            silent[member] = (failure, .now + Self.silence)
            return .failure(failure)
        }
    }

    private func document<Document: Answer>(
        _ type: Document.Type,
        in response: Response,
        status: Int
    ) -> Document? {
        guard response.status == status, let document = Self.decoded(type, response.body), document.group == group
        else { return nil }
        return document
    }

    /// A document in the body of an answer; `nil` for anything else.
    static func decoded<Document: Answer>(_ type: Document.Type, _ body: Data) -> Document? {
        guard let document = try? JSONDecoder().decode(type, from: body), document.isPlausible else { return nil }
        return document
    }

    // MARK: Failures

    private func failure(_ member: FleetMember, _ reason: String) -> Failure {
        Failure(
            message: Disclosure.clean("\(Self.name(member)) does not answer: \(reason)."),
            remedy: texts.remedy(for: .workerUnreachable)
        )
    }

    /// A response that is not the document. A console that refuses a question knows best what to do.
    private func failure(_ member: FleetMember, _ response: Response) -> Failure {
        let name = Self.name(member)
        if response.status != 200, let refusal = try? JSONDecoder().decode(ErrorDocument.self, from: response.body) {
            return Failure(
                message: Disclosure.clean(
                    "\(name) refuses the question with status \(response.status): \(refusal.error.prefix(300))"
                ),
                remedy: Disclosure.clean(String(refusal.remedy.prefix(1_000)))
            )
        }
        return Failure(
            message: Disclosure.clean(
                "Another program, or a worker of another group or version, answers with status \(response.status) in place of \(name)."
            ),
            remedy: texts.remedy(for: .consoleMisaddressed)
        )
    }

    /// An answer of a worker that has already answered for another member.
    nonisolated func failure(_ member: FleetMember, sameWorker id: String) -> Failure {
        Failure(
            message: Disclosure.clean(
                "The worker \(id) answers in place of \(Self.name(member)) and for another member."
            ),
            remedy: texts.remedy(for: .consoleMisaddressed)
        )
    }

    private static func name(_ member: FleetMember) -> String {
        "Worker \(member.name)" + (member.address.map { " at \($0)" } ?? "")
    }
}

/// The workers that have answered one question. Where the addresses of two members lead to the same worker, for example
/// through a load balancer, one of the two has not answered.
struct AnsweringWorkers {
    private let own: String
    private var members: [String: FleetMember] = [:]

    /// - Parameter own: the id of this worker.
    init(own: String) { self.own = own }

    /// Adds an answer.
    ///
    /// - Returns: whether no other member has answered with the worker's id.
    mutating func add(_ workerID: String, for member: FleetMember) -> Bool {
        guard workerID != own else { return false }
        if let known = members[workerID] { return known == member }
        members[workerID] = member
        return true
    }
}

extension FleetClient.Answer {
    var isPlausible: Bool { true }
}

extension JobListDocument: FleetClient.Answer {
    var workerID: String { worker }
}
extension JobDocument: FleetClient.Answer {
    var workerID: String { worker }
}
extension UnknownJobDocument: FleetClient.Answer {
    var workerID: String { worker }
}
extension MemberDocument: FleetClient.Answer {
    var workerID: String { worker.id }
}
