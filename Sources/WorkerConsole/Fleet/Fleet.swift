import ExportCore
import Foundation
import WorkerRuntime
import WorkerTelemetry

/// The jobs and the state of the whole fleet: this worker's own data, and that of the other members, which are asked.
///
/// A question to another member asks for its own data only, so no question is passed on twice.
actor Fleet {
    private let monitor: ConsoleMonitor
    private let lister: JobLister
    private let finder: JobFinder
    private let telemetry: Telemetry
    private let pageTime: Duration
    let client: FleetClient
    private var latest: (document: FleetDocument, at: ContinuousClock.Instant)?
    private var reading: Task<FleetDocument, Never>?

    private static let freshness: Duration = .seconds(1)

    init(
        _ configuration: ConsoleConfiguration,
        monitor: ConsoleMonitor,
        source: any ConsoleSource,
        telemetry: Telemetry,
        directory: (any FleetDirectory)?
    ) {
        self.monitor = monitor
        self.telemetry = telemetry
        pageTime = configuration.pageTime
        finder = JobFinder(source, patience: configuration.patience)
        lister = JobLister(source, patience: configuration.patience)
        client = FleetClient(directory, group: configuration.groupID, texts: telemetry.texts)
    }

    // MARK: State

    /// The state of the fleet, at most ``freshness`` old. Requests at about the same time share one reading.
    func document() async -> FleetDocument {
        if let latest, ContinuousClock.now - latest.at < Self.freshness { return latest.document }
        if let reading { return await reading.value }
        let task = Task { await read() }
        reading = task
        let document = await task.value
        reading = nil
        latest = (document, .now)
        return document
    }

    private func read() async -> FleetDocument {
        let own = await monitor.memberDocument()
        let group = await client.members()
        let others = group.members.filter { !$0.isThisWorker }
        let client = client
        var answers = await withTaskGroup(of: FleetSum.Part.self) { tasks in
            for member in others {
                tasks.addTask {
                    (member, await client.document(MemberDocument.self, "/api/fleet?scope=worker", from: member))
                }
            }
            var answers: [FleetSum.Part] = []
            for await answer in tasks { answers.append(answer) }
            return answers.sorted { $0.member.name < $1.member.name }
        }
        var workers = AnsweringWorkers(own: own.worker.id)
        for (index, answer) in answers.enumerated() {
            guard case .success(let document) = answer.document, !workers.add(document.worker.id, for: answer.member)
            else { continue }
            answers[index].document = .failure(client.failure(answer.member, sameWorker: document.worker.id))
        }
        var this =
            group.members.first { $0.isThisWorker }
            ?? FleetMember(name: own.worker.id, address: nil, partitions: [], isThisWorker: true)
        this.partitions = own.partitions.map(\.partition)
        return FleetSum(
            own: own,
            parts: [(this, .success(own))] + answers,
            problem: group.problem,
            texts: telemetry.texts
        )
        .document(at: Date().rfc3339)
    }

    // MARK: Jobs

    /// This worker's document of a job or of a rejected record.
    ///
    /// - Returns: outer `nil` when the engine does not answer.
    func ownJob(_ id: String) async -> JobDocument?? {
        guard let found = await finder.job(id) else { return nil }
        let (snapshot, worker) = (await monitor.snapshot(), await monitor.worker)
        if let found { return .some(JobDocument(found, worker, snapshot)) }
        return .some(telemetry.rejected.newest(ofJob: id).map { JobDocument($0, worker, snapshot) })
    }

    /// Asks the other members for a job, all at the same time.
    ///
    /// - Parameter own: this worker's rejected record or finished job of the id, if any. It is returned where no member has
    ///   an open job, or a finished one in place of a record.
    /// - Returns: the document, that of an open job where there is one; and the members that did not answer.
    func othersJob(_ id: String, or own: JobDocument?) async -> (
        found: JobDocument?, silent: [FleetClient.Failure]
    ) {
        let group = await client.members()
        let (client, unserved) = (client, await unserved(group))
        var workers = AnsweringWorkers(own: await monitor.worker.id)
        return await withTaskGroup(of: (FleetMember, FleetClient.JobResult).self) { tasks in
            for member in group.members where !member.isThisWorker {
                tasks.addTask { (member, await client.job(id, from: member)) }
            }
            var (silent, best) = (unserved, own)
            var unknown: [FleetMember: String] = [:]
            for await (member, answer) in tasks {
                switch answer {
                case .success(.found(let found)) where found.isOpen:
                    tasks.cancelAll()
                    return (found, [])
                case .success(.found(let found)):
                    if best.map({ $0.isRejectedRecord && !found.isRejectedRecord }) ?? true { best = found }
                case .success(.unknown(let worker)): unknown[member] = worker
                case .failure(let failure): silent.append(failure)
                }
            }
            // In the order of members, so that the same one is named whichever answers first.
            for member in group.members {
                guard let worker = unknown[member], !workers.add(worker, for: member) else { continue }
                silent.append(client.failure(member, sameWorker: worker))
            }
            return (best, silent)
        }
    }

    /// Why the members do not know all jobs: partitions that none of them serves.
    private func unserved(_ group: FleetGroup) async -> [FleetClient.Failure] {
        guard !client.isAlone, let status = await monitor.snapshot().watch.lastStatus else { return [] }
        let own = status.partitions.map(\.partition)
        let served = Set(own + group.members.filter { !$0.isThisWorker }.flatMap(\.partitions))
        var failures: [FleetClient.Failure] = []
        func add(_ message: String, _ situation: Situation) {
            let remedy = telemetry.texts.remedy(for: situation)
            failures.append(FleetClient.Failure(message: Disclosure.clean(message), remedy: remedy))
        }
        if status.partitions.contains(where: { $0.lifecycle == .restoring }) {
            add("Partitions of the jobs topic are being restored.", .partitionNotServed)
        }
        guard !(0..<Int32(clamping: status.partitionCount)).allSatisfy(served.contains) else { return failures }
        if let problem = group.problem {
            add("The other workers are unknown: \(problem).", .membersUnknown)
        } else {
            add("Partitions of the jobs topic have no owner.", .partitionNotServed)
        }
        return failures
    }

    /// A page of the list of jobs; `nil` when the engine does not answer.
    func jobs(_ query: JobQuery) async -> JobListDocument? {
        let snapshot = await monitor.snapshot()
        var walk = JobWalk(
            query,
            within: pageTime,
            own: snapshot.watch.lastStatus,
            group: query.isLocal ? FleetGroup(members: []) : await client.members(),
            worker: await monitor.worker,
            texts: telemetry.texts
        )
        while let step = walk.next() {
            switch step {
            case .own(let from, let through, let limit):
                guard let page = await lister.page(query.filter, from: from, through: through, limit: limit) else {
                    return nil
                }
                walk.add(await rows(of: page, query.filter, from: from, through: through, snapshot), next: page.next)
            case .member(let member, let from, let through, let limit):
                let path = query.path(from: from, through: through, limit: limit)
                walk.add(await client.document(JobListDocument.self, path, from: member), from: member, client)
            }
        }
        return walk.document
    }

    /// The rows of this worker's page, with the rejected records of the partitions whose beginning it contains.
    private func rows(
        of page: JobPage,
        _ filter: JobFilter,
        from: JobPlace,
        through: Int32,
        _ snapshot: Snapshot
    ) async -> [JobListDocument.Row] {
        let (now, waits, worker) = (snapshot.wallClock, JobWaits(snapshot), await monitor.worker.id)
        let end = page.next ?? JobPlace(partition: through &+ 1)
        let rejected = telemetry.rejected.newest.filter { record in
            let start = JobPlace(partition: record.source.partition)
            return from <= start && start < end && filter.matches(record)
        }
        return rejected.map { JobListDocument.Row($0, worker: worker, at: now) }
            + page.jobs.map { JobListDocument.Row($0, worker: worker, at: now, waits) }
    }
}

extension JobFilter {
    /// Whether a list contains a rejected record.
    fileprivate func matches(_ record: RejectedRecord) -> Bool {
        let isAnyState = phases.isEmpty && statuses.isEmpty
        guard isAnyState || phases.contains(.finished) || statuses.contains(.rejected), !onlyLate else { return false }
        // No batch has a rejected record.
        guard batch == nil else { return false }
        if let account, record.account != account { return false }
        if let kind, record.kind != kind { return false }
        if let acceptedUntil, record.at > acceptedUntil { return false }
        if let acceptedSince, record.at < acceptedSince { return false }
        guard let text else { return true }
        return record.jobID.lowercased().contains(text.lowercased())
    }
}
