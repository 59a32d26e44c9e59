import ExportCore

extension JobRecord {
    init(_ state: ProtoJobState, id: String) throws(StateDecodingError) {
        guard state.hasJob else { throw .missingJob(key: id) }
        let phase: JobPhase = try known(state.phase, "phase", id)
        self.init(
            job: try ExportJob(state.job, id: id),
            offset: state.offset,
            phase: phase,
            attempt: Int(state.attempt),
            requestID: state.hasRequestID ? state.requestID : nil,
            times: JobTimes(
                accepted: Instant(milliseconds: state.acceptedAt),
                submitted: state.hasSubmittedAt ? Instant(milliseconds: state.submittedAt) : nil,
                ready: state.hasReadyAt ? Instant(milliseconds: state.readyAt) : nil,
                finished: state.hasFinishedAt ? Instant(milliseconds: state.finishedAt) : nil
            ),
            blobURL: state.hasBlobURL ? state.blobURL : nil,
            cleanup: try known(state.cleanup, "cleanup", id),
            namedByAcceptance: state.namedByAcceptance
        )
        if state.status != .unspecified {
            status = try known(state.status, "status", id)
        } else if phase == .finished {
            throw .missingField(field: "status", key: id)
        }
        if state.hasError { error = try JobError(state.error, id: id) }
        if !state.files.isEmpty { files = state.files.map(ExportFile.init) }
    }
}

extension ExportJob {
    init(_ job: ProtoJob, id: String) throws(StateDecodingError) {
        self.init(
            id: id,
            kind: try known(job.kind, "job.kind", id),
            filter: job.hasFilter ? job.filter : nil,
            fileFormat: try known(job.fileFormat, "job.file_format", id),
            account: job.account,
            notBefore: job.hasNotBefore ? Instant(milliseconds: job.notBefore) : nil,
            deadline: job.hasDeadline ? Instant(milliseconds: job.deadline) : nil,
            maxAttempts: Int(job.maxAttempts),
            adoptedRequestID: job.hasAdoptedRequestID ? job.adoptedRequestID : nil,
            metadataJSON: job.hasMetadataJson ? job.metadataJson : nil
        )
        if job.hasTraceParent {
            trace = TraceContext(parent: job.traceParent, state: job.hasTraceState ? job.traceState : nil)
        }
    }
}

extension JobError {
    init(_ error: ProtoJobError, id: String) throws(StateDecodingError) {
        self.init(
            code: try known(error.code, "error.code", id),
            message: error.message,
            details: error.details.map { FieldError(field: $0.field, message: $0.message) }
        )
    }
}

extension ExportFile {
    init(_ file: ProtoFile) {
        self.init(
            location: file.location,
            stored: file.stored,
            fileName: file.fileName,
            mediaType: file.hasMediaType ? file.mediaType : nil,
            sizeBytes: file.hasSizeBytes ? file.sizeBytes : nil,
            sha256: file.hasSha256 ? file.sha256 : nil,
            expiresAt: file.hasExpiresAt ? Instant(milliseconds: file.expiresAt) : nil,
            entries: file.entries.map { ArchiveEntry(name: $0.name, sizeBytes: $0.sizeBytes) }
        )
    }
}
