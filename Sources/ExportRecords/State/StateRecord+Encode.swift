import ExportCore

// The numbers are those of the fields in schemas/state.proto. Fields are written in the order of their numbers, as
// Protobuf's own libraries do, so a record has exactly one form.

extension WireWriter {
    /// The fields of `StateRecord`.
    ///
    /// - Parameter position: the position of the jobs partition that the record names.
    mutating func record(_ record: StateRecord, at position: JobsPosition) {
        number(1, StateCodec.version(of: record))
        if case .job(let job) = record { message(2) { $0.state(job) } }
        // Written also where it is 0, because its presence determines what the record holds.
        if case .position(let position) = record { present(3, position.offset) }
        number(4, position.generation)
        present(5, position.timestamp)
        if case .origin(let origin) = record {
            message(6) { writer in
                writer.number(1, origin.position.offset)
                writer.number(2, origin.stateStart)
            }
        }
        if let anchor = position.anchor {
            message(7) { writer in
                writer.number(1, anchor.offset)
                writer.number(2, anchor.timestamp)
            }
        }
        if case .batch(let batch) = record { message(8) { $0.batch(batch) } }
        if case .pauses(let pauses) = record {
            message(9) { writer in for pause in pauses { writer.message(1) { $0.pause(pause) } } }
        }
    }

    /// The fields of `Pause`.
    private mutating func pause(_ pause: JobPause) {
        present(1, pause.target.account)
        number(2, pause.target.kind?.rawValue ?? 0)
        present(3, pause.until?.milliseconds)
        present(4, pause.reason)
        number(5, pause.holdsCalls ? 1 : 0)
        present(6, pause.since?.milliseconds)
    }

    /// The fields of `BatchState`.
    private mutating func batch(_ record: JobBatchRecord) {
        number(1, UInt32(clamping: record.batch.size))
        number(2, record.status.rawValue)
        number(3, record.ended.milliseconds)
        present(4, record.published?.milliseconds)
    }

    /// The fields of `JobState`.
    private mutating func state(_ record: JobRecord) {
        number(1, record.offset)
        number(2, record.phase.rawValue)
        number(3, UInt32(clamping: record.attempt))
        message(4) { $0.job(record.job) }
        present(5, record.requestID)
        number(6, record.times.accepted.milliseconds)
        present(7, record.times.submitted?.milliseconds)
        present(8, record.times.ready?.milliseconds)
        present(9, record.times.finished?.milliseconds)
        present(10, record.blobURL)
        number(11, record.status?.rawValue ?? 0)
        if let error = record.error { message(12) { $0.error(error) } }
        for file in record.files { message(13) { $0.file(file) } }
        number(14, record.cleanup.rawValue)
        number(15, record.namedByAcceptance ? 1 : 0)
    }

    private mutating func job(_ job: ExportJob) {
        number(1, job.kind.rawValue)
        number(2, job.fileFormat.rawValue)
        text(3, job.account)
        present(4, job.filter)
        present(5, job.notBefore?.milliseconds)
        present(6, job.deadline?.milliseconds)
        number(7, UInt32(clamping: job.maxAttempts))
        present(8, job.adoptedRequestID)
        present(9, job.metadataJSON)
        present(10, job.trace?.parent)
        present(11, job.trace?.state)
        if let batch = job.batch {
            message(12) { writer in
                writer.text(1, batch.id)
                writer.number(2, UInt32(clamping: batch.size))
            }
        }
        present(13, job.retryOf)
    }

    private mutating func error(_ error: JobError) {
        number(1, error.code.rawValue)
        text(2, error.message)
        for detail in error.details {
            message(3) { writer in
                writer.text(1, detail.field)
                writer.text(2, detail.message)
            }
        }
    }

    private mutating func file(_ file: ExportFile) {
        text(1, file.location)
        number(2, file.stored ? 1 : 0)
        text(3, file.fileName)
        present(4, file.mediaType)
        present(5, file.sizeBytes)
        present(6, file.sha256)
        present(7, file.expiresAt?.milliseconds)
        for entry in file.entries {
            message(8) { writer in
                writer.text(1, entry.name)
                writer.number(2, entry.sizeBytes)
            }
        }
        if let content = file.content { message(9) { $0.content(content) } }
    }

    private mutating func content(_ content: FileContent) {
        present(1, content.rows)
        if let columns = content.columns {
            message(2) { writer in for column in columns { writer.present(1, column) } }
        }
        present(3, content.headerSHA256)
        text(4, content.delimiter)
        present(5, content.encoding)
        number(6, content.hasByteOrderMark ? 1 : 0)
    }
}
