import ExportCore
import ExportRecords
import KafkaClient
import Primitives

/// Counts jobs by the newest record of each job in the state topic.
struct StateTally {
    private struct Key: Hashable {
        var partition: Int32
        var id: String
    }

    private struct Entry {
        var phase: JobPhase
        var status: JobStatus?
        var accepted: Instant
        var attempt: Int
        var requestID: String?
        var account: String
        var kind: ExportKind
    }

    private var entries: [Key: Entry] = [:]
    private(set) var pauses: [Int32: [JobPause]] = [:]
    private(set) var unreadable = 0
    /// Up to where the jobs of each partition are decided.
    private(set) var decided: [Int32: JobsPosition] = [:]
    private let codec = StateCodec()

    mutating func apply(_ record: KafkaRecord) {
        do throws(StateDecodingError) {
            let state = try codec.decode(key: record.key, value: record.value)
            if let position = state.decided { decide(record.partition, position) }
            switch state {
            case .job(let job):
                entries[Key(partition: record.partition, id: job.job.id)] = Entry(
                    phase: job.phase,
                    status: job.status,
                    accepted: job.times.accepted,
                    attempt: job.attempt,
                    requestID: job.requestID,
                    account: job.job.account,
                    kind: job.job.kind
                )
            case .forgotten(let id): entries[Key(partition: record.partition, id: id)] = nil
            case .pauses(let list): pauses[record.partition] = list
            case .batch, .batchForgotten, .position, .origin: break
            }
        } catch {
            unreadable += 1
        }
    }

    private mutating func decide(_ partition: Int32, _ position: JobsPosition) {
        let isOlder = decided[partition].map { ($0.generation, $0.offset) > (position.generation, position.offset) }
        if isOlder != true { decided[partition] = position }
    }

    /// Jobs by partition and phase.
    var phases: [Int32: [String: Int]] {
        var counts: [Int32: [JobPhase: Int]] = [:]
        for (key, entry) in entries { counts[key.partition, default: [:]][entry.phase, default: 0] += 1 }
        return counts.mapValues { phases in
            Dictionary(phases.map { ($0.key.name, $0.value) }, uniquingKeysWith: { $1 })
        }
    }

    var counts: [String: Int] {
        entries.values.reduce(into: [:]) { counts, entry in
            counts[entry.phase.name, default: 0] += 1
            if entry.phase == .finished, let status = entry.status {
                counts["finished.\(status.name)", default: 0] += 1
            }
        }
    }

    /// Jobs that have not ended, by account and kind.
    var groups: [FleetStatus.Group] {
        var counts: [String: [ExportKind: Int]] = [:]
        for entry in entries.values where entry.phase != .finished {
            counts[entry.account, default: [:]][entry.kind, default: 0] += 1
        }
        return counts.sorted { $0.key < $1.key }.flatMap { account, kinds in
            kinds.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                FleetStatus.Group(account: account, kind: $0.key.name, jobs: $0.value)
            }
        }
    }

    /// When the oldest job that has not ended was accepted.
    var oldestAcceptance: Instant? { entries.values.filter { $0.phase != .finished }.map(\.accepted).min() }

    func oldest(_ count: Int) -> [FleetStatus.Job] {
        entries.filter { $0.value.phase != .finished }
            .sorted { ($0.value.accepted, $0.key.id) < ($1.value.accepted, $1.key.id) }.prefix(count).map {
                key,
                entry in
                FleetStatus.Job(
                    jobId: key.id,
                    partition: key.partition,
                    phase: entry.phase.name,
                    since: entry.accepted.rfc3339,
                    attempt: entry.attempt,
                    requestId: entry.requestID
                )
            }
    }
}

extension StateRecord {
    /// Up to where the jobs of its partition are decided, as far as this record shows.
    var decided: JobsPosition? {
        switch self {
        // A record of another program may have any offset.
        case .job(let job): JobsPosition(generation: job.generation, offset: job.offset &+ 1)
        case .position(let position): position
        case .forgotten, .pauses, .batch, .batchForgotten, .origin: nil
        }
    }
}
