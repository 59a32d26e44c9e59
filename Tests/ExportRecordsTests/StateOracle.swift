import ExportCore
import SwiftProtobuf

@testable import ExportRecords

// State records as messages of the code that Protobuf's compiler generates from schemas/state.proto: what the
// hand-written writer and reader are compared with.

extension ProtoStateRecord {
    /// `nil` for a tombstone.
    init?(_ record: StateRecord) {
        self.init()
        version = StateCodec.version(of: record)
        switch record {
        case .forgotten, .batchForgotten, .pauses([]): return nil
        case .pauses(let pauses): control = .with { $0.pauses = pauses.map { ProtoPause($0) } }
        case .job(let job):
            self.job = ProtoJobState(job)
            mark(JobsPosition(generation: job.generation, timestamp: job.timestamp, anchor: job.anchor))
        case .batch(let record):
            batch = .with {
                $0.size = UInt32(record.batch.size)
                $0.status = ProtoBatchStatus(record.status)
                $0.endedAt = record.ended.milliseconds
                if let published = record.published { $0.publishedAt = published.milliseconds }
            }
        case .position(let position):
            self.position = position.offset
            mark(position)
        case .origin(let origin):
            self.origin = .with {
                $0.position = origin.position.offset
                $0.stateStart = origin.stateStart
            }
            mark(origin.position)
        }
    }

    private mutating func mark(_ position: JobsPosition) {
        generation = position.generation
        if let timestamp = position.timestamp { jobsTimestamp = timestamp }
        guard let anchor = position.anchor else { return }
        self.anchor = .with {
            $0.offset = anchor.offset
            $0.timestamp = anchor.timestamp
        }
    }

    /// Whether this build knows everything that the record of a job says.
    var isJobOfThisBuild: Bool {
        guard 1...StateCodec.version ~= version, case .job(let state) = content, state.hasJob else { return false }
        return JobPhase(exactly: state.phase.rawValue) != nil && Cleanup(exactly: state.cleanup.rawValue) != nil
            && ExportKind(exactly: state.job.kind.rawValue) != nil
            && FileFormat(exactly: state.job.fileFormat.rawValue) != nil
            && (state.status == .unspecified
                ? state.phase != .finished : JobStatus(exactly: state.status.rawValue) != nil)
            && (!state.hasError || JobErrorCode(exactly: state.error.code.rawValue) != nil)
    }
}

extension RawRepresentable<UInt8> {
    fileprivate init?(exactly number: Int) {
        guard let value = UInt8(exactly: number).flatMap(Self.init(rawValue:)) else { return nil }
        self = value
    }
}

extension RawRepresentable<Int> {
    /// The schema's value with the number of the core's.
    fileprivate init(_ value: some RawRepresentable<UInt8>) {
        guard let proto = Self(rawValue: Int(value.rawValue)) else { preconditionFailure("\(value) has no number") }
        self = proto
    }
}

extension ProtoJobState {
    init(_ record: JobRecord) {
        self.init()
        offset = record.offset
        phase = ProtoPhase(record.phase)
        attempt = UInt32(clamping: record.attempt)
        job = ProtoJob(record.job)
        if let requestID = record.requestID { self.requestID = requestID }
        acceptedAt = record.times.accepted.milliseconds
        if let submitted = record.times.submitted { submittedAt = submitted.milliseconds }
        if let ready = record.times.ready { readyAt = ready.milliseconds }
        if let finished = record.times.finished { finishedAt = finished.milliseconds }
        if let url = record.blobURL { blobURL = url }
        if let status = record.status { self.status = ProtoStatus(status) }
        if let error = record.error { self.error = ProtoJobError(error) }
        if !record.files.isEmpty { files = record.files.map(ProtoFile.init) }
        cleanup = ProtoCleanup(record.cleanup)
        namedByAcceptance = record.namedByAcceptance
    }
}

extension ProtoJob {
    init(_ job: ExportJob) {
        self.init()
        kind = ProtoKind(job.kind)
        fileFormat = ProtoFileFormat(job.fileFormat)
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
        if let batch = job.batch {
            self.batch = .with {
                $0.id = batch.id
                $0.size = UInt32(batch.size)
            }
        }
        if let retryOf = job.retryOf { self.retryOf = retryOf }
    }
}

extension ProtoPause {
    init(_ pause: JobPause) {
        self.init()
        if let account = pause.target.account { self.account = account }
        kind = pause.target.kind.map { ProtoKind($0) } ?? .unspecified
        if let until = pause.until { self.until = until.milliseconds }
        if let reason = pause.reason { self.reason = reason }
        calls = pause.holdsCalls
        if let since = pause.since { self.since = since.milliseconds }
    }
}

extension ProtoJobError {
    init(_ error: JobError) {
        self.init()
        code = ProtoErrorCode(error.code)
        message = error.message
        details = error.details.map { detail in
            var message = ProtoFieldError()
            message.field = detail.field
            message.message = detail.message
            return message
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
            var message = ProtoArchiveEntry()
            message.name = entry.name
            message.sizeBytes = entry.sizeBytes
            return message
        }
        if let content = file.content { self.content = ProtoContent(content) }
    }
}

extension ProtoContent {
    init(_ content: FileContent) {
        self.init()
        if let rows = content.rows { self.rows = rows }
        if let columns = content.columns { self.columns.names = columns }
        if let headerSHA256 = content.headerSHA256 { headerSha256 = headerSHA256 }
        delimiter = content.delimiter
        if let encoding = content.encoding { self.encoding = encoding }
        byteOrderMark = content.hasByteOrderMark
    }
}
