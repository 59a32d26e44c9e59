import ExportCore
import WorkerTelemetry

/// The body of `/api/fleet`: all members of the group together, whichever of them is asked.
struct FleetDocument: Codable, Sendable {
    struct Member: Codable, Sendable {
        var worker: String
        /// Address and port of its console, where they are known.
        var address: String?
        var isThisWorker: Bool
        /// Whether it answered; where not, only its name, its address and its partitions are known.
        var isAnswering: Bool
        var status: HealthReport.Status?
        var version: String?
        var uptimeSeconds: Double?
        var partitions: [Int32]
        var openJobs: Int?
        var lag: Int64?
        var rates: MemberDocument.Rates?
        /// Why it did not answer, and what to do.
        var message: String?
        var remedy: String?
    }

    struct Account: Codable, Sendable {
        var name: String
        /// `nil` while no worker has paused it.
        var problem: StatusDocument.Account.Problem?
        /// The workers that have paused it.
        var pausedBy: [String]
        /// Calls that wait for their turn.
        var waiting: Int
        /// API calls a second that the answering workers may make together.
        var requestsPerSecond: Double
        var refreshTokenAgeSeconds: Double?
        var signInAgeSeconds: Double?
    }

    /// Something that an operator should check.
    struct Attention: Codable, Sendable {
        var severity: HealthReason.Severity
        var message: String
        var remedy: String
        /// Where it was found; empty for the group as a whole.
        var workers: [String]
    }

    struct Totals: Codable, Sendable {
        /// Jobs by phase.
        var jobs: [String: Int] = [:]
        var openJobs = 0
        var lateJobs = 0
        var lag: Int64 = 0
        var rates = MemberDocument.Rates()
        /// Since the workers' starts.
        var completed = 0
        var failed = 0
        var rejected = 0
        var deadLetters = 0
    }

    var at: String
    var group: String
    /// The worker that answers.
    var answeredBy: String
    var status: HealthReport.Status
    /// Whether workers or partitions are missing, so that totals are too low.
    var isPartial: Bool
    var partitionCount: Int
    /// Partitions that no member is assigned.
    var unassigned: [Int32]
    var members: [Member]
    /// Of the workers that answered.
    var totals: Totals
    var accounts: [Account]
    /// What operators have paused, in the partitions of the workers that answered.
    var pauses: [PauseDocument]
    var attention: [Attention]
}

/// Adds the members' documents up.
struct FleetSum {
    private typealias Member = FleetDocument.Member
    /// A member and its document, or why there is none.
    typealias Part = (member: FleetMember, document: Result<MemberDocument, FleetClient.Failure>)

    let own: MemberDocument
    let parts: [Part]
    /// Why the members are unknown.
    let problem: String?
    let texts: any OperatorTexts

    /// The document.
    ///
    /// - Parameter at: the present time.
    func document(at time: String) -> FleetDocument {
        let members = parts.map { Self.member($0) }
        let answers = parts.compactMap { try? $0.document.get() }
        let assigned = Set(parts.flatMap { $0.member.partitions } + own.partitions.map(\.partition))
        // A worker that has just started does not know it yet.
        let partitionCount = answers.map(\.partitionCount).max() ?? 0
        let all = 0..<Int32(clamping: partitionCount)
        let unassigned = problem == nil ? all.filter { !assigned.contains($0) } : []
        let isUnknown = problem != nil && (own.partitions.count < partitionCount || partitionCount == 0)
        let isPartial = isUnknown || partitionCount == 0 || members.contains { !$0.isAnswering }
        return FleetDocument(
            at: time,
            group: own.group,
            answeredBy: own.worker.id,
            status: status(of: answers, isPartial: isPartial || !unassigned.isEmpty),
            isPartial: isPartial,
            partitionCount: partitionCount,
            unassigned: unassigned,
            members: members,
            totals: Self.totals(answers),
            accounts: Self.accounts(answers),
            pauses: PauseDocument.merged(answers.flatMap { $0.pauses ?? [] }),
            attention: attention(answers, unassigned, isUnknown: isUnknown, hasCount: partitionCount > 0)
        )
    }

    private static func member(_ part: Part) -> Member {
        var member = Member(
            worker: part.member.name,
            address: part.member.address,
            isThisWorker: part.member.isThisWorker,
            isAnswering: false,
            partitions: part.member.partitions
        )
        switch part.document {
        case .failure(let failure): (member.message, member.remedy) = (failure.message, failure.remedy)
        case .success(let document):
            member.worker = document.worker.id
            member.isAnswering = document.isAnswering
            member.status = document.health.status
            member.version = document.worker.version
            member.uptimeSeconds = document.worker.uptimeSeconds
            member.partitions = document.partitions.map(\.partition)
            member.openJobs = open(document.jobs)
            member.lag = document.partitions.compactMap(\.lag).reduce(0, +)
            member.rates = document.rates
        }
        return member
    }

    private static func open(_ jobs: [String: Int]) -> Int {
        jobs.reduce(0) { $0 + ($1.key == JobPhase.finished.name ? 0 : $1.value) }
    }

    private func status(of answers: [MemberDocument], isPartial: Bool) -> HealthReport.Status {
        let ready = answers.count { $0.health.status != .notReady }
        if ready == 0 { return .notReady }
        let isWell = answers.allSatisfy { $0.health.status == .ready } && !isPartial
        return isWell ? .ready : .degraded
    }

    private static func totals(_ answers: [MemberDocument]) -> FleetDocument.Totals {
        answers.reduce(into: FleetDocument.Totals()) { sum, member in
            sum.jobs.merge(member.jobs, uniquingKeysWith: +)
            sum.openJobs += open(member.jobs)
            sum.lateJobs += member.lateJobs
            sum.lag += member.partitions.compactMap(\.lag).reduce(0, +)
            sum.rates.finishedPerMinute += member.rates.finishedPerMinute
            sum.rates.callsPerSecond += member.rates.callsPerSecond
            sum.completed += member.totals.completed
            sum.failed += member.totals.failed
            sum.rejected += member.totals.rejected
            sum.deadLetters += member.totals.deadLetters
        }
    }

    private static func accounts(_ answers: [MemberDocument]) -> [FleetDocument.Account] {
        let all = answers.flatMap { member in member.accounts.map { (worker: member.worker.id, account: $0) } }
        return Dictionary(grouping: all, by: \.account.name).sorted { $0.key < $1.key }.map { name, found in
            let paused = found.filter { $0.account.problem != nil }
            return FleetDocument.Account(
                name: name,
                problem: paused.first?.account.problem,
                pausedBy: paused.map(\.worker),
                waiting: found.reduce(0) { $0 + $1.account.waiting.values.reduce(0, +) },
                requestsPerSecond: found.reduce(0) { $0 + $1.account.requestsPerSecond },
                // The one that was used last counts: the workers may share the token.
                refreshTokenAgeSeconds: found.compactMap(\.account.refreshTokenAgeSeconds).min(),
                signInAgeSeconds: found.compactMap(\.account.signInAgeSeconds).min()
            )
        }
    }

    private func attention(
        _ answers: [MemberDocument],
        _ unassigned: [Int32],
        isUnknown: Bool,
        hasCount: Bool
    ) -> [FleetDocument.Attention] {
        var found: [FleetDocument.Attention] = []
        func add(_ severity: HealthReason.Severity, _ message: String, _ remedy: String, worker: String?) {
            if let known = found.firstIndex(where: { $0.message == message && $0.severity == severity }) {
                found[known].workers += [worker].compactMap { $0 }
            } else {
                let workers = [worker].compactMap { $0 }
                found.append(.init(severity: severity, message: message, remedy: remedy, workers: workers))
            }
        }
        if !unassigned.isEmpty {
            let list =
                unassigned.prefix(20).map(String.init).joined(separator: ", ") + (unassigned.count > 20 ? ", …" : "")
            add(
                .blocking,
                "No worker owns the partitions \(list).",
                texts.remedy(for: .partitionNotServed),
                worker: nil
            )
        }
        if !hasCount {
            add(.degraded, "The number of partitions is unknown.", texts.remedy(for: .starting), worker: nil)
        }
        for part in parts {
            guard case .failure(let failure) = part.document else { continue }
            add(.degraded, failure.message, failure.remedy, worker: nil)
        }
        if isUnknown, let problem {
            add(
                .degraded,
                "Only this worker is shown, because \(problem).",
                texts.remedy(for: .membersUnknown),
                worker: nil
            )
        }
        for member in answers {
            for reason in member.health.reasons {
                add(reason.severity, reason.message, reason.remedy, worker: member.worker.id)
            }
        }
        return found.filter { $0.severity == .blocking } + found.filter { $0.severity != .blocking }
    }
}
