import ExportCore

/// The limits of a seed's topics: the size of a record, and a policy of the brokers that refuses records of any size.
struct VirtualLimits {
    var state = Int.max
    var results = Int.max
    var deadLetter = Int.max
    /// Whether a policy refuses some records.
    var hasPolicy = false
    /// Whether jobs whose record is too large are refused before they start; otherwise the topic refuses their record.
    var checksJobs = true
    private var seed: UInt64 = 0

    /// Nothing is refused.
    init() {}

    init(_ faults: Faults, seed: UInt64) {
        // A separate stream does not change the other random values of a seed.
        var random = SeededRandom(seed: seed, stream: 7)
        let limits = (
            random.pick([700, 1_500, .max]), random.pick([700, 1_500, .max]), random.pick([400, 2_000, .max])
        )
        checksJobs = random.chance(0.5)
        self.seed = seed
        hasPolicy = faults.contains(.refusedRecords)
        guard faults.contains(.oversized) else { return }
        (state, results, deadLetter) = limits
    }

    var isBounded: Bool { hasPolicy || state < .max || results < .max || deadLetter < .max }

    /// Whether the record is larger than its topic accepts.
    func isTooLarge(_ record: OutputRecord) -> Bool {
        switch record {
        case .state(_, let record): Self.size(record) > state
        case .event(_, let event): Self.size(event) > results
        case .batchEvent(_, let event): Self.size(event) > results
        case .deadLetter(let letter): Self.size(letter) > deadLetter
        }
    }

    /// Whether the brokers' policy refuses the record. The smallest forms are accepted.
    func isRefused(_ record: OutputRecord) -> Bool {
        guard hasPolicy else { return false }
        switch record {
        case .state(_, .job(let record)):
            guard record.error?.code != .tooLarge else { return false }
            let chance = hash(record.job.id)
            return chance % 8 == 0 && chance / 8 % 5 == UInt64(record.phase.rawValue - 1)
        case .state: return false
        case .event(_, let event):
            let chance = hash(event.jobID + "event")
            return chance % 4 == 0 && event.form.rawValue < 1 + chance / 4 % 3
        case .batchEvent(_, let event):
            let chance = hash(event.batch.id + "batch")
            return chance % 3 == 0 && event.form.rawValue < 1 + chance / 3 % 3
        case .deadLetter(let letter):
            let chance = hash("\(letter.partition)/\(letter.offset)")
            return chance % 3 == 0 && letter.form.rawValue < 1 + chance / 3 % 3
        }
    }

    /// Reduces each record of the batch to a form that its topic accepts. Also returns the records without such a form.
    func fit(_ batch: CommitBatch) -> (batch: CommitBatch, refusals: [OutputRefusal]) {
        var (fitted, refusals) = (batch, [OutputRefusal]())
        for index in batch.records.indices {
            while isTooLarge(fitted.records[index]),
                let smaller = fitted.records[index].smaller(than: fitted.records[index].form)
            {
                fitted.records[index] = smaller
            }
            if isTooLarge(fitted.records[index]) {
                refusals.append(OutputRefusal(index: index, form: fitted.records[index].form))
            }
        }
        return (fitted, refusals)
    }

    /// Whether the state topic accepts the record of pauses whatever they are.
    var permitsPauses: Bool { state >= JobPause.recordLimit }

    /// Refuses the input if the record of its job or of the pauses could be too large.
    func check(_ input: JobInput) -> JobInput {
        var refused = input
        refused.code = .tooLarge
        switch input.content {
        case .export(let job) where checksJobs && Self.size(job) + 300 > state:
            refused.content = .unreadable(jobID: job.id, reason: "too large", details: [], trace: job.trace)
        case .pause where !permitsPauses:
            refused.content = .unreadable(jobID: nil, reason: "too large", details: [], trace: nil)
        default: return input
        }
        return refused
    }

    private static func size(_ job: ExportJob) -> Int {
        60 + job.id.utf8.count + (job.filter?.utf8.count ?? 0) + (job.metadataJSON?.utf8.count ?? 0)
    }

    private static func size(_ record: StateRecord) -> Int {
        if case .pauses(let pauses) = record { return pauses.reduce(60) { $0 + 40 + $1.textBytes } }
        guard case .job(let record) = record else { return 60 }
        return size(record.job) + (record.blobURL?.utf8.count ?? 0) + size(record.files)
            + min(record.error?.message.utf8.count ?? 0, 240)
    }

    private static func size(_ files: [ExportFile]) -> Int {
        files.reduce(0) { $0 + $1.location.utf8.count + $1.fileName.utf8.count }
    }

    private static func size(_ event: CompletionEvent) -> Int {
        let details = event.error?.details.reduce(0) { $0 + $1.field.utf8.count + $1.message.utf8.count } ?? 0
        return 60 + event.jobID.utf8.count + size(event.files) + min(event.error?.message.utf8.count ?? 0, 240)
            + (event.form < .reduced ? event.job?.metadataJSON?.utf8.count ?? 0 : 0)
            + (event.form < .short ? details : 0) + (event.form < .least ? event.job?.filter?.utf8.count ?? 0 : 0)
    }

    private static func size(_ event: JobBatchEvent) -> Int {
        let base = 100 + event.batch.id.utf8.count
        guard event.form < .least else { return base }
        return event.members.reduce(base) { sum, member in
            let files = member.files.reduce(0) { $0 + 80 + (event.form < .reduced ? $1.location.utf8.count : 0) }
            return sum + 40 + member.jobID.utf8.count + (event.form < .short ? files : 0)
        }
    }

    private static func size(_ letter: DeadLetter) -> Int {
        60 + min(letter.reason.utf8.count, 200) + (letter.form < .reduced ? letter.original.value?.count ?? 0 : 0)
            + (letter.form < .least ? letter.original.key?.count ?? 0 : 0)
    }

    private func hash(_ text: String) -> UInt64 {
        var hash = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash ^ (hash >> 29)
    }
}
