import ArgumentParser
import ExportCore
import ExportRecords
import KafkaClient
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Which jobs a command changes: by their ids, or every one that has the named properties.
struct JobChoiceOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The jobs' ids.", valueName: "job-id"))
    var jobIDs: [String] = []

    @Option(help: ArgumentHelp("Jobs of this batch.", valueName: "id"))
    var batch: String?

    @Option(help: ArgumentHelp("Jobs of this account.", valueName: "name"))
    var account: String?

    @Option(
        help: ArgumentHelp("Jobs in these states, separated by commas; 'jobs list' names them.", valueName: "states")
    )
    var status: String?

    @Option(help: ArgumentHelp("Jobs with this member in their metadata. Repeatable.", valueName: "key=value"))
    var metadata: [String] = []

    @Option(
        help: ArgumentHelp("Jobs accepted since this time, in RFC 3339 or as a duration before now.", valueName: "time")
    )
    var since: String?

    @Flag(help: "Change the jobs.")
    var yes = false

    private var hasProperties: Bool {
        batch != nil || account != nil || status != nil || !metadata.isEmpty || since != nil
    }

    func validate() throws {
        guard !jobIDs.isEmpty || hasProperties else {
            throw ValidationError(
                "Select jobs: their ids, or --batch, --account, --status, --metadata or --since. Without a selection no job is changed."
            )
        }
        if !jobIDs.isEmpty, hasProperties { throw ValidationError("Use either ids or properties, not both.") }
        for id in jobIDs { try IDArgument.check(id) }
        _ = try choice(states: "open")
    }

    /// The choice.
    ///
    /// - Parameter states: those of jobs that the command can change, for a choice by properties.
    func choice(states: String) throws -> JobChoice {
        var filter = JobListFilter()
        try filter.add(states: status ?? states)
        filter.account = account
        filter.batch = batch
        filter.metadata = try PairArgument.parse(metadata, "--metadata")
        filter.since = try since.map { try TimeArgument.parse($0, "--since", now: SystemClock().now()) }
        return JobChoice(ids: Set(jobIDs), filter: filter)
    }
}

/// A choice of jobs, and the reading of the state topic that finds them.
struct JobChoice {
    /// A job and the partition that knows it.
    struct Found: Sendable {
        var partition: Int32
        var record: JobRecord
    }

    /// Not empty for a choice by ids.
    var ids: Set<String>
    var filter = JobListFilter()

    /// Whether the job is chosen.
    func contains(_ record: JobRecord, partition: Int32, at now: Instant) -> Bool {
        guard ids.isEmpty else { return ids.contains(record.job.id) }
        return filter.matches(JobRow(record, partition: partition), at: now)
    }

    /// Reads the state topic.
    ///
    /// - Parameter partitions: the partitions to read; `nil` for all.
    /// - Returns: the chosen jobs, the oldest first.
    func read(_ access: KafkaAccess, only partitions: Set<Int32>? = nil) async throws -> [Found] {
        struct Key: Hashable {
            var partition: Int32
            var id: String
        }
        let (codec, now) = (StateCodec(), SystemClock().now())
        var found: [Key: JobRecord] = [:]
        var unreadable = 0
        try await access.scan(access.topics.state, only: partitions) { record in
            do throws(StateDecodingError) {
                switch try codec.decode(key: record.key, value: record.value) {
                case .job(let job):
                    let isChosen = contains(job, partition: record.partition, at: now)
                    found[Key(partition: record.partition, id: job.job.id)] = isChosen ? job : nil
                case .forgotten(let id): found[Key(partition: record.partition, id: id)] = nil
                case .batch, .batchForgotten, .pauses, .position, .origin: break
                }
            } catch {
                unreadable += 1
            }
            return .continue
        }
        if unreadable > 0 {
            Terminal.note("This version cannot read \(Formatting.count(unreadable, "state record")).")
        }
        return found.map { Found(partition: $0.key.partition, record: $0.value) }.sorted {
            ($0.record.times.accepted, $0.record.job.id) < ($1.record.times.accepted, $1.record.job.id)
        }
    }
}

extension RetryPlan {
    /// The jobs that exist of these ids, in any partition.
    static func repetitions(_ ids: [String], _ access: KafkaAccess) async throws -> [String: JobRecord] {
        guard !ids.isEmpty else { return [:] }
        let found = try await JobChoice(ids: Set(ids)).read(access)
        return Dictionary(found.map { ($0.record.job.id, $0.record) }, uniquingKeysWith: { $1 })
    }
}
