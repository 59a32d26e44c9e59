import ExportCore
import WorkerTelemetry

/// The body of `/api/jobs/{id}`: the newest record of a job, without the secrets in its URLs.
struct JobDocument: Codable, Sendable {
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

    var jobId: String
    var partition: Int32
    var offset: Int64
    var phase: String
    var status: String?
    var kind: String
    var account: String
    var filter: String?
    var fileFormat: String
    var attempt: Int
    var maxAttempts: Int
    var requestId: String?
    var notBefore: String?
    var deadline: String?
    var times: Times
    /// The file's location at the service, without its query; in phase ready.
    var location: String?
    var error: Failure?
    var files: [File]

    init(_ record: JobRecord, partition: Int32, _ texts: any OperatorTexts) {
        jobId = record.job.id
        self.partition = partition
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
        deadline = record.job.deadline?.text
        times = Times(
            accepted: record.times.accepted.text,
            submitted: record.times.submitted?.text,
            ready: record.times.ready?.text,
            finished: record.times.finished?.text
        )
        location = record.blobURL.map(Disclosure.location)
        error = record.error.map { Failure($0, texts) }
        files = record.files.map { File($0) }
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
