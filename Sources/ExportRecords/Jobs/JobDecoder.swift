public import ExportCore

/// Reads the records of the jobs topic.
///
/// A record is a JSON document, bare or inside a CloudEvents 1.0 event in structured or binary mode.
/// Every record has an answer: what cannot be read as a job comes back as unreadable, with each
/// offending field named, and with its job id where that much can be read. No answer repeats more of a
/// document than short excerpts, for it ends up in logs and headers.
///
/// Whether an account is configured is not decided here.
public struct JobDecoder: Sendable {
    /// Creates a decoder.
    public init() {}

    /// Reads a record.
    ///
    /// - Parameters:
    ///   - record: The record as it came.
    ///   - offset: Its offset in its partition.
    public func decode(_ record: OriginalRecord, offset: Int64) -> JobInput {
        let headers = RecordHeaders(record.headers)
        var reading = JobReading()
        if let value = record.value {
            value.withUnsafeBufferPointer { bytes in
                switch headers.mode {
                case .bare: reading.readJob(JSONScanner(bytes))
                case .binary: reading.readBinaryEvent(JSONScanner(bytes), headers: record.headers)
                case .structured: reading.readStructuredEvent(JSONScanner(bytes))
                case .unsupported(let contentType): reading.fault = Self.unsupported(contentType)
                }
            }
            if value.count > JobLimits.valueBytes {
                reading.fault = "the value has \(value.count) bytes; at most \(JobLimits.valueBytes) are allowed"
            }
        } else {
            reading.fault = "the value is null; a job is a JSON object (to end a job, send a cancel command)"
        }
        let trace = headers.trace ?? reading.eventTrace
        return JobInput(
            offset: offset,
            content: reading.content(trace: trace),
            keyIsJobID: reading.isKey(record.key),
            warnings: reading.warnings,
            original: record
        )
    }

    private static func unsupported(_ contentType: String) -> String {
        "the content-type \(excerpt(contentType)) is not supported; CloudEvents must be application/cloudevents+json, "
            + "one event a record"
    }
}

/// What has been read of a record so far.
struct JobReading {
    /// Why the document as a whole cannot be read; `nil` when single fields are to blame, or nothing is.
    var fault: String?
    var errors: [FieldError] = []
    var warnings: [FieldError] = []
    /// The job's id, where it is a valid one, whatever else is wrong.
    var jobID: String?
    var isCancel = false
    var job: ExportJob?
    /// The trace context among a structured event's attributes.
    var eventTrace: TraceContext?

    /// The answer, once everything has been read.
    func content(trace: TraceContext?) -> JobInput.Content {
        guard fault == nil, errors.isEmpty, let jobID else {
            return .unreadable(jobID: jobID, reason: reason, details: fault == nil ? errors : [], trace: trace)
        }
        if isCancel { return .cancel(id: jobID, trace: trace) }
        guard var job else { return .unreadable(jobID: jobID, reason: reason, details: errors, trace: trace) }
        job.trace = trace
        return .export(job)
    }

    /// Whether the record's key is the job's id. Of a record without a readable id nothing can be said.
    func isKey(_ key: [UInt8]?) -> Bool {
        guard let jobID else { return true }
        guard let key else { return false }
        return jobID.utf8.elementsEqual(key)
    }

    mutating func addError(_ field: String, _ message: String) {
        errors.append(FieldError(field: field, message: message))
    }

    /// All errors in one line of bounded length.
    private var reason: String {
        if let fault { return fault }
        var text = ""
        for (index, error) in errors.enumerated() {
            guard text.utf8.count < 900 else { return text + "; and \(errors.count - index) more" }
            if index > 0 { text += "; " }
            text += "\(error.field) \(error.message)"
        }
        return text
    }
}

/// The beginning of a text in quotes, without control characters, for messages.
func excerpt(_ text: String) -> String {
    var result = "'"
    for (count, scalar) in text.unicodeScalars.enumerated() {
        guard count < 40 else { return result + "…'" }
        let isPrintable = scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
        result.unicodeScalars.append(isPrintable ? scalar : "\u{FFFD}")
    }
    return result + "'"
}
