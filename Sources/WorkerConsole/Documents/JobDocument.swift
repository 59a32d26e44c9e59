import ExportCore
import WorkerTelemetry

/// The body of `/api/jobs/{id}`: the newest record of a job, without the secrets in its URLs, and why it waits.
struct JobDocument: Codable, Sendable {
    /// A recent event of the job, as long as the worker remembers it.
    struct Event: Codable, Sendable {
        var at: String
        var title: String
        var text: String
        var count: Int
    }

    struct Times: Codable, Sendable {
        var accepted: String?
        var submitted: String?
        var ready: String?
        var finished: String?
    }

    struct Failure: Codable, Sendable {
        struct Detail: Codable, Sendable {
            var field: String
            var message: String
        }

        var code: String
        var message: String
        var remedy: String
        var details: [Detail]
    }

    struct File: Codable, Sendable {
        /// Without its query.
        var location: String
        var stored: Bool
        var fileName: String
        var mediaType: String?
        var sizeBytes: Int64?
        var sha256: String?
        var expiresAt: String?
    }

    /// The consumer group and the worker that owns the job's partition.
    var group: String
    var worker: String
    var jobId: String
    var partition: Int32
    var offset: Int64
    /// Its phase; `finished` for a rejected record, which was never a job.
    var phase: String
    var status: String?
    var kind: String?
    var account: String?
    var filter: String?
    var fileFormat: String?
    var attempt: Int
    var maxAttempts: Int
    /// The service's id of the present export. Those of earlier attempts are not kept.
    var requestId: String?
    /// Consecutive failures of the present call.
    var failures: Int
    var notBefore: String?
    /// When it fails unless it has ended before, also where the job names no deadline.
    var deadline: String?
    var isLate: Bool
    /// Why it waits; absent once it has ended.
    var wait: JobWait?
    var metadata: [String: String]?
    var times: Times
    /// The file's location at the service, without its query; in phase ready.
    var location: String?
    var error: Failure?
    var files: [File]
    var events: [Event]
    /// Commands with which an operator continues.
    var commands: [String]

    init(_ view: JobView, _ worker: StatusDocument.Worker, _ snapshot: Snapshot) {
        let (record, texts) = (view.record, snapshot.watch.texts)
        group = worker.group
        self.worker = worker.id
        jobId = record.job.id
        partition = view.partition
        offset = record.offset
        phase = record.phase.name
        status = record.status?.name
        kind = record.job.kind.name
        account = record.job.account
        filter = record.job.filter.map(Disclosure.clean)
        fileFormat = record.job.fileFormat.name
        attempt = record.attempt
        maxAttempts = record.job.maxAttempts
        requestId = record.requestID.map(Disclosure.clean)
        notBefore = record.job.notBefore?.text
        deadline = view.deadline.text
        isLate = view.isLate
        wait = view.wait.map { JobWaits(snapshot).reason($0, account: record.job.account) }
        metadata = Disclosure.metadata(of: record.job)
        failures = view.failures
        times = Times(
            accepted: record.times.accepted.text,
            submitted: record.times.submitted?.text,
            ready: record.times.ready?.text,
            finished: record.times.finished?.text
        )
        location = record.blobURL.map(Disclosure.location)
        error = record.error.map { Failure($0, texts) }
        files = record.files.map { File($0) }
        events = Self.events(of: record.job.id, snapshot)
        commands = texts.commands(for: record)
    }

    /// Whether it is the document of a rejected record.
    var isRejectedRecord: Bool { status == JobStatus.rejected.name }

    /// Whether the job has not finished.
    var isOpen: Bool { phase != JobPhase.finished.name }

    /// The document of a rejected record.
    init(_ record: RejectedRecord, _ worker: StatusDocument.Worker, _ snapshot: Snapshot) {
        group = worker.group
        self.worker = worker.id
        jobId = record.jobID
        partition = record.source.partition
        offset = record.source.offset
        phase = JobPhase.finished.name
        status = JobStatus.rejected.name
        kind = record.kind?.name
        account = record.account
        (attempt, maxAttempts, failures, isLate) = (0, 0, 0, false)
        times = Times(accepted: record.at.text, finished: record.at.text)
        error = Failure(record.error, snapshot.watch.texts)
        files = []
        events = Self.events(of: record.jobID, snapshot)
        commands = []
    }

    private static func events(of id: String, _ snapshot: Snapshot) -> [Event] {
        snapshot.activity.ring.incidents.filter { $0.job == id }.prefix(10).map { incident in
            Event(
                at: incident.last.rfc3339,
                title: incident.kind.title,
                text: Disclosure.clean(incident.kind.text),
                count: incident.count
            )
        }
    }
}

extension JobDocument.Failure {
    init(_ error: JobError, _ texts: any OperatorTexts) {
        self.init(
            code: error.code.name,
            message: Disclosure.clean(error.message),
            remedy: texts.remedy(for: error.code),
            details: error.details.map { Detail(field: $0.field, message: Disclosure.clean($0.message)) }
        )
    }
}

extension JobDocument.File {
    init(_ file: ExportFile) {
        self.init(
            location: Disclosure.location(file.location),
            stored: file.stored,
            fileName: Disclosure.location(file.fileName),
            mediaType: file.mediaType,
            sizeBytes: file.sizeBytes,
            sha256: file.sha256,
            expiresAt: file.expiresAt?.text
        )
    }
}
