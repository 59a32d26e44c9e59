public import ExportCore
import Primitives

/// Decodes the records of the jobs topic.
///
/// A record is a JSON document, bare or inside a CloudEvents 1.0 event in structured or binary mode.
/// Decoding never fails: a record that is not a valid job is returned as unreadable, with each invalid
/// field and, where it can be read, its job id. The result repeats only short excerpts of a document,
/// because it ends up in logs and headers.
///
/// The decoder does not check whether the account is configured.
public struct JobDecoder: Sendable {
    /// Creates a decoder.
    public init() {}

    /// Decodes a record.
    ///
    /// - Parameters:
    ///   - record: The unchanged record.
    ///   - offset: Its offset in its partition.
    public func decode(_ record: OriginalRecord, offset: Int64) -> JobInput {
        let headers = RecordHeaders(record.headers)
        var reading = read(record, headers)
        reading.checkBatchKey(record.key)
        reading.checkControlKey(record.key)
        let trace = headers.trace ?? reading.eventTrace
        return JobInput(
            offset: offset,
            content: reading.content(trace: trace),
            keyIsJobID: reading.isKey(record.key),
            warnings: reading.warnings,
            original: record
        )
    }

    /// The key that a record with this value and these headers must have: the id of the job's batch, or the job's own, or that
    /// of commands for every partition; `nil` where none can be read.
    public func key(of record: OriginalRecord) -> String? {
        let reading = read(record, RecordHeaders(record.headers))
        if reading.isControl { return JobLimits.controlKey }
        return reading.job?.batch?.id ?? reading.jobID
    }

    private func read(_ record: OriginalRecord, _ headers: RecordHeaders) -> JobReading {
        var reading = JobReading()
        if let fault = Self.fault(ofOmitted: record.omitted) {
            reading.fault = fault
        } else if let value = record.value {
            value.withUnsafeBufferPointer { bytes in
                switch headers.mode {
                case .bare: reading.readJob(JSONScanner(bytes))
                case .binary: reading.readBinaryEvent(JSONScanner(bytes), headers: record.headers)
                case .structured: reading.readStructuredEvent(JSONScanner(bytes))
                case .unsupported(let contentType): reading.fault = Self.unsupported(contentType)
                }
            }
            if value.count > JobLimits.valueBytes {
                reading.fault = Self.tooLong("value has", value.count, JobLimits.valueBytes)
            }
        } else {
            reading.fault = "the value is null; a job is a JSON object (to end a job, send a cancel command)"
        }
        return reading
    }

    /// A record with omitted parts is refused.
    private static func fault(ofOmitted parts: OmittedParts) -> String? {
        if let size = parts.value { return tooLong("value has", size, JobLimits.valueBytes) }
        if let size = parts.headers { return tooLong("headers have", size, JobLimits.headerBytes) }
        return parts.key.map { tooLong("key has", $0, JobLimits.keyBytes) }
    }

    private static func tooLong(_ what: String, _ size: Int, _ limit: Int) -> String {
        "the \(what) \(size) bytes; at most \(limit) are allowed"
    }

    private static func unsupported(_ contentType: String) -> String {
        "the content-type \(excerpt(contentType)) is not supported; CloudEvents must be application/cloudevents+json, "
            + "one event a record"
    }
}

/// The parts of a record that have been read so far.
struct JobReading {
    /// What a document requests that is not a job.
    enum Command {
        case cancel
        case pause(JobPause)
        case resume(PauseTarget)
    }

    /// Why the document as a whole cannot be read; `nil` when only single fields are invalid, or none.
    var fault: String?
    var errors: [FieldError] = []
    var warnings: [FieldError] = []
    /// The job's id, where it is a valid one, whatever else is wrong.
    var jobID: String?
    var command: Command?
    var job: ExportJob?
    /// The trace context among a structured event's attributes.
    var eventTrace: TraceContext?

    /// The result, once everything has been read.
    func content(trace: TraceContext?) -> JobInput.Content {
        guard fault == nil, errors.isEmpty, jobID != nil || isControl else {
            return .unreadable(jobID: jobID, reason: reason, details: fault == nil ? errors : [], trace: trace)
        }
        switch command {
        case .pause(let pause): return .pause(pause)
        case .resume(let target): return .resume(target)
        case .cancel: if let jobID { return .cancel(id: jobID, trace: trace) }
        case nil: break
        }
        guard var job else { return .unreadable(jobID: jobID, reason: reason, details: errors, trace: trace) }
        job.trace = trace
        return .export(job)
    }

    /// Whether the document is a command that concerns no single job.
    var isControl: Bool {
        switch command {
        case .pause, .resume: true
        case .cancel, nil: false
        }
    }

    /// Whether the record's key is the job's id, or its batch's. True for a record without a readable id.
    func isKey(_ key: [UInt8]?) -> Bool {
        guard let jobID else { return true }
        guard let key else { return false }
        return (job?.batch?.id ?? jobID).utf8.elementsEqual(key)
    }

    /// Refuses a job whose key is not its batch's id: the batch's jobs would be in several partitions, and it would never
    /// be complete in any of them.
    mutating func checkBatchKey(_ key: [UInt8]?) {
        guard let batch = job?.batch, !isKey(key) else { return }
        let present = key.map { excerpt(String(decoding: $0, as: UTF8.self)) } ?? "null"
        addError("batch.id", "must be the record's key: the key is \(present), expected '\(batch.id)'")
    }

    /// Refuses a command for every partition under another key, with which it would reach one partition only.
    mutating func checkControlKey(_ key: [UInt8]?) {
        let expected = JobLimits.controlKey
        guard isControl, errors.isEmpty, !(key?.elementsEqual(expected.utf8) ?? false) else { return }
        let present = key.map { excerpt(String(decoding: $0, as: UTF8.self)) } ?? "null"
        addError(
            "action",
            "needs the record's key '\(expected)', in a record of every partition: the key is \(present)"
        )
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
