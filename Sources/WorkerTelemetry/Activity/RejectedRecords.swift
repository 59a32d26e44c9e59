package import ExportCore
import Synchronization
package import WorkerRuntime

/// A record of the jobs topic that was refused as a job. No job exists for it; its `rejected` event is in the results topic.
package struct RejectedRecord: Sendable, Hashable {
    /// The id that the record names.
    package var jobID: String
    /// Where the record is.
    package var source: RecordSource
    /// When it was refused.
    package var at: Instant
    /// The account and the kind, where they could be read.
    package var account: String?
    package var kind: ExportKind?
    /// Why it was refused.
    package var error: JobError
}

/// The newest rejected records, for the console. The engine keeps none of them.
package final class RejectedRecords: WorkerObserver {
    /// The number of records that are kept.
    package static let capacity = 200

    private let records = Mutex<[RejectedRecord]>([])

    /// Creates an empty list.
    package init() {}

    /// The newest records, the newest last.
    package var newest: [RejectedRecord] { records.withLock { $0 } }

    /// The newest rejected record that names the job.
    package func newest(ofJob id: String) -> RejectedRecord? {
        records.withLock { records in records.last { $0.jobID == id } }
    }

    /// Records a rejection.
    package func report(_ report: Report) {
        guard case .ended(_, let event) = report, event.status == .rejected, let error = event.error else { return }
        let record = RejectedRecord(
            jobID: event.jobID,
            source: event.source,
            at: event.times.finished ?? event.times.accepted,
            account: event.job?.account,
            kind: event.job?.kind,
            error: error
        )
        records.withLock { records in
            if records.count >= Self.capacity { records.removeFirst() }
            records.append(record)
        }
    }

    /// Ignores what the log reports.
    package func observe(_: LogObservation) {}
}
