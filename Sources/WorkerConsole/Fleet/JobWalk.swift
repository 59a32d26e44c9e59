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
    private let end = ContinuousClock.now + Self.time
    private var place: JobPlace?
    private var asked: ClosedRange<Int32> = 0...0
    private var silent: [Int: FleetClient.Failure] = [:]
    private(set) var document: JobListDocument

    /// When a page that is not full yet is returned as it is.
    private static let time: Duration = .seconds(5)

    init(
        _ query: JobQuery,
        own status: WorkerStatus?,
        group: FleetGroup,
        document: JobListDocument,
        texts: any OperatorTexts
    ) {
        limit = query.limit
        isLocal = query.isLocal
        isPart = query.through != nil
        self.group = group
        self.document = document
        self.texts = texts
        own = Dictionary(
            (status?.partitions ?? []).map { ($0.partition, $0.lifecycle) },
            uniquingKeysWith: { $1 }
        )
        let count = max(Int32(clamping: status?.partitionCount ?? 0), (own.keys.max() ?? -1) + 1)
        last = min(query.through ?? .max, count - 1)
        place = query.from
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
            case .member(let index) where silent[index] == nil:
                return .member(group.members[index], from: from, through: through, limit: limit - document.jobs.count)
            case .member(let index): skip(group.members[index].name, silent[index])
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
    mutating func add(_ answer: Result<JobListDocument?, FleetClient.Failure>, from member: FleetMember) {
        switch answer {
        case .success(let page):
            document.jobs += page?.jobs ?? []
            document.missing += page?.missing ?? []
            // A cursor that leads back would not end.
            if let next = page?.next.flatMap(JobQuery.place), let place, place < next, asked.contains(next.partition) {
                self.place = next
            } else {
                advance()
            }
        case .failure(let failure):
            if let index = group.members.firstIndex(of: member) { silent[index] = failure }
        }
    }

    private func owner(of partition: Int32) -> Owner {
        if let lifecycle = own[partition] { return lifecycle == .restoring ? .restoring : .this }
        if let index = group.members.firstIndex(where: { !$0.isThisWorker && $0.partitions.contains(partition) }) {
            return .member(index)
        }
        return group.problem == nil && !isLocal ? .none : .unknown
    }

    private mutating func advance() { place = JobPlace(partition: asked.upperBound + 1) }

    private mutating func skip(_ worker: String?, _ failure: FleetClient.Failure?) {
        let message = failure?.message ?? ""
        if let known = document.missing.firstIndex(where: { $0.message == message }) {
            document.missing[known].partitions += asked
        } else {
            document.missing.append(
                .init(partitions: Array(asked), worker: worker, message: message, remedy: failure?.remedy ?? "")
            )
        }
        advance()
    }

    private func failure(_ state: String, _ situation: Situation) -> FleetClient.Failure {
        FleetClient.Failure(message: "Partitions of the jobs topic \(state).", remedy: texts.remedy(for: situation))
    }
}
