import ExportCore
import ExportRecords

/// Bytes of the log to the machine's values and back.
struct RecordCodec: Sendable {
    private let jobs = JobDecoder()
    private let state = StateCodec()
    private let events: EventEncoder
    private let deadLetters: DeadLetterEncoder

    init(groupID: String, jobsTopic: String) {
        events = EventEncoder(groupID: groupID)
        deadLetters = DeadLetterEncoder(topic: jobsTopic, groupID: groupID)
    }

    func decodeJob(_ record: LogRecord) -> JobInput {
        let headers = record.headers.map { OriginalRecord.Header(name: $0.name, value: $0.value) }
        let original = OriginalRecord(key: record.key, value: record.value, headers: headers)
        return jobs.decode(original, offset: record.offset)
    }

    func decodeState(_ record: LogRecord) throws(StateDecodingError) -> StateRecord {
        try state.decode(key: record.key, value: record.value)
    }

    func encode(_ batch: CommitBatch) -> LogCommit {
        LogCommit(
            id: batch.id,
            outputs: batch.records.map { encode($0) },
            positions: batch.positions.map {
                LogCommit.Position(partition: $0.partition, epoch: $0.epoch, offset: $0.offset)
            }
        )
    }

    private func encode(_ record: OutputRecord) -> LogOutput {
        switch record {
        case .state(let partition, let record): Self.output(state.encode(record), .state, partition)
        case .event(_, let event): Self.output(events.encode(event), .results, nil)
        case .deadLetter(let letter): Self.output(deadLetters.encode(letter), .deadLetter, nil)
        }
    }

    private static func output(_ record: OutgoingRecord, _ topic: LogTopic, _ partition: Int32?) -> LogOutput {
        let headers = record.headers.map { LogHeader(name: $0.name, value: $0.value) }
        return LogOutput(
            topic: topic,
            partition: partition,
            key: record.key,
            value: record.value,
            headers: headers
        )
    }
}
