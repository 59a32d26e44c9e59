import ExportCore
import ExportRecords

/// Decodes the log's bytes into the machine's values and encodes them.
struct RecordCodec: Sendable {
    private let jobs = JobDecoder()
    private let state = StateCodec()
    private let events: EventEncoder
    private let deadLetters: DeadLetterEncoder
    /// The largest records that the topics accept.
    let limits = CurrentLimits()

    /// Bytes of a job's state record beside the job's own texts before it has a file: times, request id, a reason.
    private static let stateReserve = 2_048

    /// An encoded batch.
    struct Encoded {
        var commit: LogCommit
        /// The form of each record.
        var forms: [OutputForm]
        /// The records that their topics accept in none of the forms that need no decision.
        var refusals: [OutputRefusal]
    }

    init(groupID: String, jobsTopic: String) {
        events = EventEncoder(groupID: groupID, jobsTopic: jobsTopic)
        deadLetters = DeadLetterEncoder(topic: jobsTopic, groupID: groupID)
    }

    // MARK: Decoding

    func decodeJob(_ record: LogRecord) -> JobInput {
        var input = jobs.decode(record.content, offset: record.offset)
        input.timestamp = record.timestamp
        return refusingTooLarge(input)
    }

    /// Refuses a job or a pause whose state record could be larger than the state topic accepts, before anything is done
    /// for it.
    private func refusingTooLarge(_ input: JobInput) -> JobInput {
        let limit = limits.value.state
        var refused = input
        refused.code = .tooLarge
        switch input.content {
        case .export(let job):
            let size = job.textBytes + Self.stateReserve
            guard size > limit else { return input }
            let reason =
                "the job's state record would have \(size) bytes, and the state topic accepts \(limit); enqueue it with less metadata and a shorter filter, or raise max.message.bytes of the state topic"
            refused.content = .unreadable(jobID: job.id, reason: reason, details: [], trace: job.trace)
        case .pause:
            guard limit < JobPause.recordLimit else { return input }
            let reason =
                "the record of pauses can have \(JobPause.recordLimit) bytes, and the state topic accepts \(limit); raise max.message.bytes of the state topic"
            refused.content = .unreadable(jobID: nil, reason: reason, details: [], trace: nil)
        case .resume, .cancel, .unreadable: return input
        }
        return refused
    }

    func decodeState(_ record: LogRecord) throws(StateDecodingError) -> StateRecord {
        try state.decode(key: record.content.key, value: record.content.value)
    }

    // MARK: Encoding

    /// Encodes a batch. Every written record passes here and is reduced to a form that its topic accepts.
    func encode(_ batch: CommitBatch) -> Encoded {
        let limits = limits.value
        var outputs: [LogOutput] = []
        var forms: [OutputForm] = []
        var refusals: [OutputRefusal] = []
        outputs.reserveCapacity(batch.records.count)
        forms.reserveCapacity(batch.records.count)
        for (index, record) in batch.records.enumerated() {
            var (record, output) = (record, encode(record))
            while output.byteCount > limits[output.topic], let smaller = record.smaller(than: record.form) {
                (record, output) = (smaller, encode(smaller))
            }
            if output.byteCount > limits[output.topic] {
                refusals.append(OutputRefusal(index: index, form: record.form))
            }
            outputs.append(output)
            forms.append(record.form)
        }
        return Encoded(
            commit: LogCommit(id: batch.id, outputs: outputs, positions: batch.positions),
            forms: forms,
            refusals: refusals
        )
    }

    /// The content of the manifest that a call stores; `nil` for another call.
    func manifest(of call: Call) -> BatchManifest? {
        call.batch.map { BatchManifest(batchID: $0.batch.id, document: events.manifest($0)) }
    }

    private func encode(_ record: OutputRecord) -> LogOutput {
        switch record {
        case .state(let partition, let record):
            LogOutput(topic: .state, partition: partition, state.encode(record))
        case .event(_, let event): LogOutput(topic: .results, partition: nil, events.encode(event))
        case .batchEvent(_, let event): LogOutput(topic: .results, partition: nil, events.encode(event))
        case .deadLetter(let letter): LogOutput(topic: .deadLetter, partition: nil, deadLetters.encode(letter))
        }
    }
}

extension ExportJob {
    /// The bytes of all texts of the job.
    fileprivate var textBytes: Int {
        [
            id, account, filter ?? "", adoptedRequestID ?? "", metadataJSON ?? "", trace?.parent ?? "",
            trace?.state ?? "", batch?.id ?? "",
        ]
        .reduce(0) { $0 + $1.utf8.count }
    }
}
