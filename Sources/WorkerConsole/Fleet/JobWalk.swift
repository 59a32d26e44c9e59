import ExportCore
import WorkerRuntime
import WorkerTelemetry

/// The way through the partitions of the fleet for one page of the list of jobs: which worker is asked next, for which
/// partitions. A member that does not answer is skipped, and its partitions are listed as missing.
struct JobWalk {
    /// The next question.
    enum Step {
        /// To this worker's engine.
        case own(from: JobPlace, through: Int32, limit: Int)
        /// To another member.
        case member(FleetMember, from: JobPlace, through: Int32, limit: Int)
    }

    /// Who serves a partition.
    private enum Owner: Equatable {
        case this
        case member(Int)
        case restoring
        case none
        case unknown
    }

    private let limit: Int
    private let last: Int32
    private let own: [Int32: PartitionLifecycle]
    private let isLocal: Bool
    /// Whether another worker asks, for partitions that it believes to be this worker's.
    private let isPart: Bool
    private let group: FleetGroup
    private let texts: any OperatorTexts
    private let end: ContinuousClock.Instant
    private var place: JobPlace?
    private var asked: ClosedRange<Int32> = 0...0
    private var silent: [Int: FleetClient.Failure] = [:]
    private var workers: AnsweringWorkers
    private(set) var document: JobListDocument

    /// The most partitions that an answer names as added.
    private static let namedPartitions = 1_000

    /// - Parameter time: When a page that is not full yet is returned as it is.
    init(
        _ query: JobQuery,
        within time: Duration,
        own status: WorkerStatus?,
        group: FleetGroup,
        worker: StatusDocument.Worker,
        texts: any OperatorTexts
    ) {
        end = .now + time
        limit = query.limit
        isLocal = query.isLocal
        isPart = query.through != nil
        self.group = group
        document = JobListDocument(worker)
        workers = AnsweringWorkers(own: worker.id)
        self.texts = texts
        own = Dictionary(
            (status?.partitions ?? []).map { ($0.partition, $0.lifecycle) },
            uniquingKeysWith: { $1 }
        )
        let count = Int32(clamping: status?.partitionCount ?? 0)
        let known = max(count, (own.keys.max() ?? -1) + 1)
        last = min(query.through ?? .max, known - 1)
        place = query.from
        let firstUnknown = max(known, query.from.partition)
        if count == 0 {
            let message = "The number of partitions of the jobs topic is not known yet."
            add(missing: [], nil, .init(message: message, remedy: texts.remedy(for: .starting)))
        } else if let through = query.through, through >= firstUnknown {
            // The worker that asks knows of partitions that were added.
            let added = Array((firstUnknown...through).prefix(Self.namedPartitions))
            add(missing: added, nil, failure("are not known to their worker yet", .starting))
        }
    }

    /// The next question; `nil` when the page is complete.
    mutating func next() -> Step? {
        while let from = place, from.partition <= last {
            guard document.jobs.count < limit, .now < end else { break }
            let owner = owner(of: from.partition)
            var through = from.partition
            while through < last, self.owner(of: through + 1) == owner { through += 1 }
            asked = from.partition...through
            switch owner {
            case .this: return .own(from: from, through: through, limit: limit - document.jobs.count)
            case .member(let index):
                let member = group.members[index]
                if let failure = silent[index] {
                    skip(member.name, failure)
                } else {
                    return .member(member, from: from, through: through, limit: limit - document.jobs.count)
                }
            case .restoring: skip(nil, failure("are being restored by this worker", .partitionNotServed))
            case .none: skip(nil, failure("have no owner", .partitionNotServed))
            case .unknown:
                if !isLocal {
                    skip(nil, failure("have an unknown owner", .membersUnknown))
                } else if isPart {
                    skip(nil, failure("belong to another worker by now", .partitionNotServed))
                } else {
                    advance()
                }
            }
        }
        if let place, place.partition <= last { document.next = JobQuery.cursor(place) }
        return nil
    }

    /// Adds the answer of this worker.
    mutating func add(_ rows: [JobListDocument.Row], next: JobPlace?) {
        document.jobs += rows
        if let next { place = next } else { advance() }
    }

    /// Adds the answer of another member.
    mutating func add(
        _ answer: Result<JobListDocument, FleetClient.Failure>,
        from member: FleetMember,
        _ client: FleetClient
    ) {
        switch answer {
        case .success(let page) where !workers.add(page.worker, for: member):
            skip(member, client.failure(member, sameWorker: page.worker))
        case .success(let page):
            document.jobs += page.jobs
            for part in page.missing {
                add(missing: part.partitions, part.worker, .init(message: part.message, remedy: part.remedy))
            }
            // A cursor that leads back would not end.
            if let next = page.next.flatMap(JobQuery.place), let place, place < next, asked.contains(next.partition) {
                self.place = next
            } else {
                advance()
            }
        case .failure(let failure): skip(member, failure)
        }
    }

    /// A member that has not answered is not asked for its other partitions.
    private mutating func skip(_ member: FleetMember, _ failure: FleetClient.Failure) {
        if let index = group.members.firstIndex(of: member) { silent[index] = failure }
    }

    private func owner(of partition: Int32) -> Owner {
        if let lifecycle = own[partition] { return lifecycle == .restoring ? .restoring : .this }
        if let index = group.members.firstIndex(where: { !$0.isThisWorker && $0.partitions.contains(partition) }) {
            return .member(index)
        }
        return group.problem == nil && !isLocal ? .none : .unknown
    }

    private mutating func advance() { place = JobPlace(partition: asked.upperBound + 1) }

    private mutating func skip(_ worker: String?, _ failure: FleetClient.Failure) {
        add(missing: Array(asked), worker, failure)
        advance()
    }

    /// Partitions that are missing for the same reason are listed together.
    private mutating func add(missing partitions: [Int32], _ worker: String?, _ failure: FleetClient.Failure) {
        if let known = document.missing.firstIndex(where: { $0.message == failure.message }) {
            document.missing[known].partitions += partitions.filter { !document.missing[known].partitions.contains($0) }
        } else {
            document.missing.append(
                .init(partitions: partitions, worker: worker, message: failure.message, remedy: failure.remedy)
            )
        }
    }

    private func failure(_ state: String, _ situation: Situation) -> FleetClient.Failure {
        FleetClient.Failure(message: "Partitions of the jobs topic \(state).", remedy: texts.remedy(for: situation))
    }
}
