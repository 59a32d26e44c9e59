import ExportCore
import ExportRecords

/// The job that repeats another one.
struct RetryPlan {
    let job: ExportJob

    /// - Parameters:
    ///   - record: the newest record of a job that has ended.
    ///   - now: the present time.
    init(_ record: JobRecord, at now: Instant) throws(RetryRefusal) {
        guard RetryRefusal.isRepeatable(record) else { throw .state(RetryRefusal.state(of: record)) }
        guard let id = Self.id(after: record.job.id) else { throw .longID }
        // The export of the first exists, and only its file was not delivered.
        let adopts = record.status == .failed && record.requestID != nil && Self.hasExport(record.error?.code)
        var job = record.job
        job.id = id
        job.retryOf = record.job.id
        // A job that only adopts an export keeps it: without a filter, a new export would have three years.
        if adopts {
            job.adoptedRequestID = record.requestID
        } else if job.filter != nil {
            job.adoptedRequestID = nil
        }
        // Its batch has counted the first job.
        job.batch = nil
        job.trace = nil
        job.notBefore = nil
        if let deadline = job.deadline, deadline <= now { job.deadline = nil }
        self.job = job
    }

    /// Whether a job that ended with this code leaves an export at the service.
    private static func hasExport(_ code: JobErrorCode?) -> Bool {
        switch code {
        case .downloadFailed, .deadlineExceeded: true
        default: false
        }
    }

    private static let mark = ".retry-"

    /// The id of the next repetition: the same however often it is asked for, so that a repeated command does not run the
    /// job again.
    ///
    /// - Returns: `nil` where it would be too long.
    static func id(after id: String) -> String? {
        var (base, number) = (id, 1)
        if let dot = id.lastIndex(of: "."), id[dot...].hasPrefix(mark) {
            let digits = id[dot...].dropFirst(mark.count)
            // Longer numbers are not of a retry.
            if digits.count <= 9, digits.allSatisfy(\.isNumber), let last = Int(digits) {
                (base, number) = (String(id[..<dot]), last + 1)
            }
        }
        let next = "\(base)\(mark)\(number)"
        return JobLimits.isJobID(next) ? next : nil
    }
}

/// Why a job is not repeated, as the end of a sentence.
enum RetryRefusal: Error, Hashable, CustomStringConvertible {
    /// It has not ended, or has completed.
    case state(String)
    /// Its id has no room for the mark of a retry.
    case longID
    /// The job that repeats it exists.
    case repeated(by: String, state: String, isRepeatable: Bool)

    /// The job that repeats it exists.
    init(_ repetition: JobRecord) {
        self = .repeated(
            by: repetition.job.id,
            state: Self.state(of: repetition),
            isRepeatable: Self.isRepeatable(repetition)
        )
    }

    static func isRepeatable(_ record: JobRecord) -> Bool {
        record.phase == .finished && (record.status == .failed || record.status == .cancelled)
    }

    static func state(of record: JobRecord) -> String { record.status?.name ?? record.phase.name }

    var description: String {
        switch self {
        case .state(let state): "it is \(state); only jobs that failed or were cancelled are repeated"
        case .longID: "its id is too long for the ending '.retry-1'; enqueue the job again with a shorter id"
        case .repeated(let id, let state, let isRepeatable):
            "'\(id)' repeats it already and is \(state)" + (isRepeatable ? "; retry '\(id)' instead" : "")
        }
    }
}
