import ExportCore
import SwiftProtobuf

extension ProtoJobState {
    init(_ record: JobRecord) {
        self.init()
        offset = record.offset
        phase = record.phase.proto
        attempt = UInt32(clamping: record.attempt)
        job = ProtoJob(record.job)
        if let requestID = record.requestID { self.requestID = requestID }
        acceptedAt = record.times.accepted.milliseconds
        if let submitted = record.times.submitted { submittedAt = submitted.milliseconds }
        if let ready = record.times.ready { readyAt = ready.milliseconds }
        if let finished = record.times.finished { finishedAt = finished.milliseconds }
        if let url = record.blobURL { blobURL = url }
        if let status = record.status { self.status = status.proto }
        if let error = record.error { self.error = ProtoJobError(error) }
        if !record.files.isEmpty { files = record.files.map(ProtoFile.init) }
        cleanup = record.cleanup.proto
        namedByAcceptance = record.namedByAcceptance
    }
}

extension ProtoJob {
    init(_ job: ExportJob) {
        self.init()
        kind = job.kind.proto
        fileFormat = job.fileFormat.proto
        account = job.account
        if let filter = job.filter { self.filter = filter }
        if let notBefore = job.notBefore { self.notBefore = notBefore.milliseconds }
        if let deadline = job.deadline { self.deadline = deadline.milliseconds }
        maxAttempts = UInt32(clamping: job.maxAttempts)
        if let requestID = job.adoptedRequestID { adoptedRequestID = requestID }
        if let metadata = job.metadataJSON { metadataJson = metadata }
        if let trace = job.trace {
            traceParent = trace.parent
            if let state = trace.state { traceState = state }
        }
    }
}

extension ProtoJobError {
    init(_ error: JobError) {
        self.init()
        code = error.code.proto
        message = error.message
        details = error.details.map { detail in
            .with { ($0.field, $0.message) = (detail.field, detail.message) }
        }
    }
}

extension ProtoFile {
    init(_ file: ExportFile) {
        self.init()
        location = file.location
        stored = file.stored
        fileName = file.fileName
        if let mediaType = file.mediaType { self.mediaType = mediaType }
        if let size = file.sizeBytes { sizeBytes = size }
        if let sha256 = file.sha256 { self.sha256 = sha256 }
        if let expiresAt = file.expiresAt { self.expiresAt = expiresAt.milliseconds }
        entries = file.entries.map { entry in
            .with { ($0.name, $0.sizeBytes) = (entry.name, entry.sizeBytes) }
        }
    }
}
