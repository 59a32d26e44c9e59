import ExportCore
import ExportRecords

/// The job that repeats another one.
struct RetryPlan {
    let job: ExportJob
    /// Whether it adopts the export of the first, whose file only was not delivered.
    let adopts: Bool

    /// - Parameters:
    ///   - record: the newest record of a job that has ended.
    ///   - now: the present time.
    /// - Returns: `nil` for a job that has not ended, or has completed.
    init?(_ record: JobRecord, at now: Instant) {
        guard record.phase == .finished, record.status == .failed || record.status == .cancelled,
            let id = Self.id(after: record.job.id)
        else { return nil }
        adopts = record.status == .failed && record.requestID != nil && Self.hasExport(record.error?.code)
        var job = record.job
        job.id = id
        job.retryOf = record.job.id
        job.adoptedRequestID = adopts ? record.requestID : nil
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
        if let dot = id.lastIndex(of: "."), id[dot...].hasPrefix(mark), let last = Int(id[dot...].dropFirst(mark.count))
        {
            (base, number) = (String(id[..<dot]), last + 1)
        }
        let next = "\(base)\(mark)\(number)"
        return JobLimits.isJobID(next) ? next : nil
    }
}
