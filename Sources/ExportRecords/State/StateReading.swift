import ExportCore

/// Reads a record of the state topic, whatever its key is.
///
/// The numbers are those of the fields in schemas/state.proto.
struct StateReading {
    /// What a record holds. Where its bytes hold several, the last one counts.
    enum Content {
        case none, job, position, origin, batch, control
    }

    private(set) var version: UInt32 = 0
    private(set) var content = Content.none
    /// The offset of the position or the origin.
    private var offset: Int64 = 0
    private var stateStart: Int64 = 0
    private var generation: UInt32 = 0
    private var timestamp: Int64?
    private var anchor: JobsMark?
    private var state = JobStateReading()
    private(set) var batch = BatchStateReading()
    private(set) var control = ControlStateReading()

    /// Reads the fields of `StateRecord`.
    ///
    /// - Parameter record: takes the job's state. Not copied from here, because it is large.
    mutating func read(_ bytes: UnsafeRawBufferPointer, into record: inout JobRecord) throws(WireError) {
        var reader = WireReader(bytes)
        while let field = try reader.next() {
            switch field {
            case (1, .varint): version = try reader.integer()
            case (2, .bytes):
                begin(.job, &record)
                try state.read(reader.message(), into: &record)
            case (3, .varint):
                begin(.position, &record)
                offset = try reader.integer()
            case (4, .varint): generation = try reader.integer()
            case (5, .varint): timestamp = try reader.integer()
            case (6, .bytes):
                begin(.origin, &record)
                try reader.message().readPair(&offset, &stateStart)
            case (7, .bytes):
                var mark = anchor ?? JobsMark(offset: 0, timestamp: 0)
                try reader.message().readPair(&mark.offset, &mark.timestamp)
                anchor = mark
            case (8, .bytes):
                begin(.batch, &record)
                try batch.read(reader.message())
            case (9, .bytes):
                begin(.control, &record)
                try control.read(reader.message())
            default: try reader.skip(field)
            }
        }
    }

    /// Begins a content, or continues it: parts of one message are merged.
    private mutating func begin(_ next: Content, _ record: inout JobRecord) {
        guard next != content else { return }
        if content != .none {
            (state, record, offset, stateStart) = (JobStateReading(), .blank, 0, 0)
            (batch, control) = (BatchStateReading(), ControlStateReading())
        }
        content = next
    }

    /// The position, or the origin's.
    var position: JobsPosition {
        JobsPosition(generation: generation, offset: offset, timestamp: timestamp, anchor: anchor)
    }

    /// The origin.
    var origin: StateOrigin { StateOrigin(position: position, stateStart: stateStart) }

    /// Completes a job's record.
    func finish(_ record: inout JobRecord, id: String) throws(StateDecodingError) {
        try state.finish(&record, id: id)
        record.generation = generation
        record.timestamp = timestamp
        record.anchor = anchor
    }
}

extension WireReader {
    /// Reads a message of two numbers, fields 1 and 2.
    fileprivate consuming func readPair(_ first: inout Int64, _ second: inout Int64) throws(WireError) {
        while let field = try next() {
            switch field {
            case (1, .varint): first = try integer()
            case (2, .varint): second = try integer()
            default: try skip(field)
            }
        }
    }
}
