import ExportCore

/// Reads a job's state into a record, which is complete and valid only once ``finish(_:id:)`` has returned.
///
/// The numbers are those of the fields in schemas/state.proto.
struct JobStateReading {
    private var hasJob = false
    private var traceParent: String?
    private var traceState: String?
    // Numbers that this build may not know.
    private var phase: Int32 = 0
    private var status: Int32 = 0
    private var cleanup: Int32 = 0
    private var kind: Int32 = 0
    private var fileFormat: Int32 = 0
    private var errorCode: Int32 = 0

    /// Reads the fields of `JobState`. A state that is read a second time overwrites the fields that it has, as
    /// Protobuf wants it.
    ///
    /// - Parameter record: blank before the first state is read.
    mutating func read(_ reader: WireReader, into record: inout JobRecord) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .varint): record.offset = try reader.integer()
            case (2, .varint): phase = try reader.integer()
            case (3, .varint): record.attempt = Int(try reader.integer(UInt32.self))
            case (4, .bytes):
                hasJob = true
                try readJob(reader.message(), into: &record.job)
            case (5, .bytes): record.requestID = try reader.text()
            case (6, .varint): record.times.accepted = try reader.instant()
            case (7, .varint): record.times.submitted = try reader.instant()
            case (8, .varint): record.times.ready = try reader.instant()
            case (9, .varint): record.times.finished = try reader.instant()
            case (10, .bytes): record.blobURL = try reader.text()
            case (11, .varint): status = try reader.integer()
            case (12, .bytes):
                var error = record.error ?? JobError(code: .invalidJob, message: "")
                try readError(reader.message(), into: &error)
                record.error = error
            case (13, .bytes): record.files.append(try ExportFile(reader.message()))
            case (14, .varint): cleanup = try reader.integer()
            case (15, .varint): record.namedByAcceptance = try reader.boolean()
            default: try reader.skip(field)
            }
        }
    }

    private mutating func readJob(_ reader: WireReader, into job: inout ExportJob) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .varint): kind = try reader.integer()
            case (2, .varint): fileFormat = try reader.integer()
            case (3, .bytes): job.account = try reader.text()
            case (4, .bytes): job.filter = try reader.text()
            case (5, .varint): job.notBefore = try reader.instant()
            case (6, .varint): job.deadline = try reader.instant()
            case (7, .varint): job.maxAttempts = Int(try reader.integer(UInt32.self))
            case (8, .bytes): job.adoptedRequestID = try reader.text()
            case (9, .bytes): job.metadataJSON = try reader.text()
            case (10, .bytes): traceParent = try reader.text()
            case (11, .bytes): traceState = try reader.text()
            case (12, .bytes):
                var batch = job.batch ?? JobBatch(id: "", size: 0)
                try batch.read(reader.message())
                job.batch = batch
            case (13, .bytes): job.retryOf = try reader.text()
            default: try reader.skip(field)
            }
        }
    }

    private mutating func readError(_ reader: WireReader, into error: inout JobError) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .varint): errorCode = try reader.integer()
            case (2, .bytes): error.message = try reader.text()
            case (3, .bytes): error.details.append(try FieldError(reader.message()))
            default: try reader.skip(field)
            }
        }
    }

    /// Completes the record.
    ///
    /// - Throws: `unknownValue` for a number that this build does not know, and other errors for fields that are absent.
    func finish(_ record: inout JobRecord, id: String) throws(StateDecodingError) {
        guard hasJob else { throw .missingJob(key: id) }
        record.phase = try Self.known(phase, "phase", id)
        record.job.id = id
        record.job.kind = try Self.known(kind, "job.kind", id)
        record.job.fileFormat = try Self.known(fileFormat, "job.file_format", id)
        if let traceParent { record.job.trace = TraceContext(parent: traceParent, state: traceState) }
        record.cleanup = try Self.known(cleanup, "cleanup", id)
        if status != 0 {
            record.status = try Self.known(status, "status", id)
        } else if record.phase == .finished {
            throw .missingField(field: "status", key: id)
        }
        if record.error != nil { record.error?.code = try Self.known(errorCode, "error.code", id) }
    }

    /// The value with a number, which is its number in state.proto.
    static func known<Value: RawRepresentable<UInt8>>(
        _ number: Int32,
        _ field: String,
        _ key: String
    ) throws(StateDecodingError) -> Value {
        guard let value = UInt8(exactly: number).flatMap(Value.init(rawValue:)) else {
            throw .unknownValue(field: field, number: Int(number), key: key)
        }
        return value
    }
}

extension JobRecord {
    /// A record of which nothing is read yet: Protobuf's defaults.
    static var blank: JobRecord {
        JobRecord(
            job: ExportJob(id: "", kind: .transactionHistory, account: "", maxAttempts: 0),
            offset: 0,
            phase: .accepted,
            times: JobTimes(accepted: Instant(milliseconds: 0))
        )
    }
}

extension WireReader {
    fileprivate mutating func instant() throws(WireError) -> Instant { Instant(milliseconds: try integer()) }
}

extension JobBatch {
    fileprivate mutating func read(_ reader: WireReader) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .bytes): id = try reader.text()
            case (2, .varint): size = Int(try reader.integer(UInt32.self))
            default: try reader.skip(field)
            }
        }
    }
}

extension FieldError {
    fileprivate init(_ reader: WireReader) throws(WireError) {
        self.init(field: "", message: "")
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .bytes): self.field = try reader.text()
            case (2, .bytes): message = try reader.text()
            default: try reader.skip(field)
            }
        }
    }
}

extension ExportFile {
    fileprivate init(_ reader: WireReader) throws(WireError) {
        self.init(location: "", stored: false, fileName: "")
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .bytes): location = try reader.text()
            case (2, .varint): stored = try reader.boolean()
            case (3, .bytes): fileName = try reader.text()
            case (4, .bytes): mediaType = try reader.text()
            case (5, .varint): sizeBytes = try reader.integer()
            case (6, .bytes): sha256 = try reader.text()
            case (7, .varint): expiresAt = try reader.instant()
            case (8, .bytes): entries.append(try ArchiveEntry(reader.message()))
            case (9, .bytes):
                var content = content ?? FileContent(rows: nil, delimiter: "")
                try content.read(reader.message())
                self.content = content
            default: try reader.skip(field)
            }
        }
    }
}

extension FileContent {
    /// Reads the fields of `Content`; those that are read a second time overwrite the first.
    fileprivate mutating func read(_ reader: WireReader) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .varint): rows = try reader.integer()
            case (2, .bytes): columns = try Self.columns(reader.message(), after: columns ?? [])
            case (3, .bytes): headerSHA256 = try reader.text()
            case (4, .bytes): delimiter = try reader.text()
            case (5, .bytes): encoding = try reader.text()
            case (6, .varint): hasByteOrderMark = try reader.boolean()
            default: try reader.skip(field)
            }
        }
    }

    private static func columns(_ reader: WireReader, after first: [String]) throws(WireError) -> [String] {
        var (reader, names) = (reader, first)
        while let field = try reader.next() {
            if case (1, .bytes) = field { names.append(try reader.text()) } else { try reader.skip(field) }
        }
        return names
    }
}

extension ArchiveEntry {
    fileprivate init(_ reader: WireReader) throws(WireError) {
        self.init(name: "", sizeBytes: 0)
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .bytes): name = try reader.text()
            case (2, .varint): sizeBytes = try reader.integer()
            default: try reader.skip(field)
            }
        }
    }
}
