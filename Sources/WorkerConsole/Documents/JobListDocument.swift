import ExportCore
import Foundation
import Primitives
import WorkerTelemetry

/// The body of `/api/jobs`.
struct JobListDocument: Codable, Sendable {
    struct Failure: Codable, Sendable {
        var code: String
        var message: String
    }

    struct Row: Codable, Sendable {
        var jobId: String
        var partition: Int32
        /// The worker that owns the partition.
        var worker: String
        var account: String?
        var kind: String?
        /// Its phase while it is open, then its status.
        var state: String
        var attempt: Int
        var maxAttempts: Int
        var requestId: String?
        var acceptedAt: String?
        var finishedAt: String?
        var deadline: String?
        var ageSeconds: Double
        var isLate: Bool
        /// Why it waits; absent once it has ended.
        var wait: JobWait?
        var error: Failure?
        /// The job's metadata, where it is small.
        var metadata: [String: String]?
    }

    /// Partitions whose jobs are not in the list.
    struct Missing: Codable, Sendable, Equatable {
        var partitions: [Int32]
        var worker: String?
        var message: String
        var remedy: String
    }

    /// The consumer group and the worker that answers.
    var group: String
    var worker: String
    /// In the order of partitions, and within one in no particular order.
    var jobs: [Row] = []
    /// Passed as `cursor`, it continues the list; absent at its end. A page may be empty although the list continues.
    var next: String?
    /// Whether partitions are missing.
    var isPartial: Bool { !missing.isEmpty }
    var missing: [Missing] = []

    enum CodingKeys: CodingKey { case group, worker, jobs, next, isPartial, missing }

    init(_ worker: StatusDocument.Worker) {
        group = worker.group
        self.worker = worker.id
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        group = try fields.decode(String.self, forKey: .group)
        worker = try fields.decode(String.self, forKey: .worker)
        jobs = try fields.decode([Row].self, forKey: .jobs)
        next = try fields.decodeIfPresent(String.self, forKey: .next)
        missing = try fields.decode([Missing].self, forKey: .missing)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(group, forKey: .group)
        try fields.encode(worker, forKey: .worker)
        try fields.encode(jobs, forKey: .jobs)
        try fields.encodeIfPresent(next, forKey: .next)
        try fields.encode(isPartial, forKey: .isPartial)
        try fields.encode(missing, forKey: .missing)
    }
}

extension JobListDocument.Row {
    /// The longest metadata in a list, in bytes; a job's own document has all of it.
    private static let metadataLimit = 1_024

    init(_ view: JobView, worker: String, at now: Instant, _ waits: JobWaits) {
        let (record, job) = (view.record, view.record.job)
        self.init(
            jobId: job.id,
            partition: view.partition,
            worker: worker,
            account: job.account,
            kind: job.kind.name,
            state: record.status?.name ?? record.phase.name,
            attempt: record.attempt,
            maxAttempts: job.maxAttempts,
            requestId: record.requestID.map(Disclosure.clean),
            acceptedAt: record.times.accepted.text,
            finishedAt: record.times.finished?.text,
            deadline: view.deadline.text,
            ageSeconds: max(.zero, record.times.accepted.duration(to: now)).inSeconds,
            isLate: view.isLate,
            wait: view.wait.map { waits.reason($0, account: job.account) },
            error: record.error.map { .init(code: $0.code.name, message: Disclosure.clean($0.message)) },
            metadata: (job.metadataJSON?.utf8.count ?? 0) <= Self.metadataLimit ? Disclosure.metadata(of: job) : nil
        )
    }

    init(_ rejected: RejectedRecord, worker: String, at now: Instant) {
        self.init(
            jobId: rejected.jobID,
            partition: rejected.source.partition,
            worker: worker,
            account: rejected.account,
            kind: rejected.kind?.name,
            state: JobStatus.rejected.name,
            attempt: 0,
            maxAttempts: 0,
            requestId: nil,
            acceptedAt: rejected.at.text,
            finishedAt: rejected.at.text,
            deadline: nil,
            ageSeconds: max(.zero, rejected.at.duration(to: now)).inSeconds,
            isLate: false,
            error: .init(code: rejected.error.code.name, message: Disclosure.clean(rejected.error.message))
        )
    }
}
