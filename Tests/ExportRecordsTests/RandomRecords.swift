import ExportCore
import ExportRecords
import TestSupport

extension StateRecord {
    /// A record of a job, a batch, pauses, a position or an origin.
    static func random(using generator: inout SeededGenerator) -> StateRecord {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: .position(.random(using: &generator))
        case 1: .origin(StateOrigin(position: .random(using: &generator), stateStart: number(using: &generator)))
        case 2: .batch(.random(using: &generator))
        case 3: .pauses((0...Int.random(in: 0...2, using: &generator)).map { _ in .random(using: &generator) })
        default: .job(.random(using: &generator))
        }
    }

    var key: String {
        switch self {
        case .job(let record): record.job.id
        case .forgotten(let id): id
        case .batch(let record): StateCodec.batchKeyPrefix + record.batch.id
        case .batchForgotten(let id): StateCodec.batchKeyPrefix + id
        case .pauses: StateCodec.controlKey
        case .position: StateCodec.positionKey
        case .origin: StateCodec.originKey
        }
    }
}

extension JobsPosition {
    fileprivate static func random(using generator: inout SeededGenerator) -> JobsPosition {
        JobsPosition(
            generation: maybe(&generator) { .random(in: 1...UInt32.max, using: &$0) } ?? 0,
            offset: number(using: &generator),
            timestamp: maybe(&generator) { number(using: &$0) },
            anchor: maybe(&generator) { JobsMark(offset: number(using: &$0), timestamp: number(using: &$0)) }
        )
    }
}

extension JobRecord {
    /// A record with random values; each optional field is absent half of the time.
    static func random(using generator: inout SeededGenerator) -> JobRecord {
        let phase = JobPhase.allCases.randomElement(using: &generator) ?? .accepted
        var record = JobRecord(
            job: .random(using: &generator),
            offset: .random(in: 0...Int64.max, using: &generator),
            phase: phase,
            attempt: .random(in: 0...100, using: &generator),
            requestID: maybe(&generator) { text(20, using: &$0) },
            times: JobTimes(
                accepted: instant(using: &generator),
                submitted: maybe(&generator) { instant(using: &$0) },
                ready: maybe(&generator) { instant(using: &$0) },
                finished: maybe(&generator) { instant(using: &$0) }
            ),
            blobURL: maybe(&generator) { text(300, using: &$0) },
            namedByAcceptance: .random(using: &generator)
        )
        let position = JobsPosition.random(using: &generator)
        (record.generation, record.timestamp, record.anchor) = (
            position.generation, position.timestamp, position.anchor
        )
        guard phase == .finished else { return record }
        record.status = JobStatus.allCases.randomElement(using: &generator)
        record.cleanup = [.none, .findThenDelete, .delete].randomElement(using: &generator) ?? .none
        record.error = maybe(&generator) { .random(using: &$0) }
        record.files = many(&generator) { .random(using: &$0) }
        return record
    }
}

extension ExportJob {
    static func random(using generator: inout SeededGenerator) -> ExportJob {
        ExportJob(
            id: identifier(using: &generator),
            kind: ExportKind.allCases.randomElement(using: &generator) ?? .payments,
            filter: maybe(&generator) { text(100, using: &$0) },
            fileFormat: FileFormat.allCases.randomElement(using: &generator) ?? .csv,
            account: text(30, using: &generator),
            notBefore: maybe(&generator) { instant(using: &$0) },
            deadline: maybe(&generator) { instant(using: &$0) },
            maxAttempts: .random(in: 1...100, using: &generator),
            adoptedRequestID: maybe(&generator) { text(40, using: &$0) },
            metadataJSON: maybe(&generator) { text(100, using: &$0) },
            batch: maybe(&generator) { .random(using: &$0) },
            retryOf: maybe(&generator) { identifier(using: &$0) },
            trace: maybe(&generator) { generator in
                TraceContext(parent: text(60, using: &generator), state: maybe(&generator) { text(20, using: &$0) })
            }
        )
    }
}

extension JobBatch {
    static func random(using generator: inout SeededGenerator) -> JobBatch {
        JobBatch(id: identifier(using: &generator), size: .random(in: sizes, using: &generator))
    }
}

extension JobPause {
    static func random(using generator: inout SeededGenerator) -> JobPause {
        JobPause(
            target: PauseTarget(
                account: maybe(&generator) { text(30, using: &$0) },
                kind: maybe(&generator) { ExportKind.allCases.randomElement(using: &$0) ?? .payments }
            ),
            until: maybe(&generator) { instant(using: &$0) },
            reason: maybe(&generator) { text(60, using: &$0) },
            holdsCalls: .random(using: &generator),
            since: maybe(&generator) { instant(using: &$0) }
        )
    }
}

extension JobBatchRecord {
    static func random(using generator: inout SeededGenerator) -> JobBatchRecord {
        JobBatchRecord(
            batch: .random(using: &generator),
            status: JobBatchStatus.allCases.randomElement(using: &generator) ?? .completed,
            ended: instant(using: &generator),
            published: maybe(&generator) { instant(using: &$0) }
        )
    }
}

extension JobError {
    static func random(using generator: inout SeededGenerator) -> JobError {
        JobError(
            code: JobErrorCode.allCases.randomElement(using: &generator) ?? .invalidJob,
            message: text(100, using: &generator),
            details: many(&generator) {
                FieldError(field: text(10, using: &$0), message: text(50, using: &$0))
            }
        )
    }
}

extension ExportFile {
    static func random(using generator: inout SeededGenerator) -> ExportFile {
        ExportFile(
            location: text(200, using: &generator),
            stored: .random(using: &generator),
            fileName: text(40, using: &generator),
            mediaType: maybe(&generator) { text(10, using: &$0) },
            sizeBytes: maybe(&generator) { .random(in: 0...Int64.max, using: &$0) },
            sha256: maybe(&generator) { text(64, using: &$0) },
            expiresAt: maybe(&generator) { instant(using: &$0) },
            entries: many(&generator) {
                ArchiveEntry(name: text(30, using: &$0), sizeBytes: .random(in: 0...Int64.max, using: &$0))
            },
            content: maybe(&generator) { .random(using: &$0) }
        )
    }
}

extension FileContent {
    static func random(using generator: inout SeededGenerator) -> FileContent {
        FileContent(
            rows: maybe(&generator) { .random(in: 0...Int64.max, using: &$0) },
            columns: maybe(&generator) { many(&$0) { text(30, using: &$0) } },
            headerSHA256: maybe(&generator) { text(64, using: &$0) },
            delimiter: text(1, using: &generator),
            encoding: maybe(&generator) { text(10, using: &$0) },
            hasByteOrderMark: .random(using: &generator)
        )
    }
}

private func maybe<Value>(
    _ generator: inout SeededGenerator,
    _ make: (inout SeededGenerator) -> Value
) -> Value? {
    Bool.random(using: &generator) ? make(&generator) : nil
}

private func many<Value>(
    _ generator: inout SeededGenerator,
    _ make: (inout SeededGenerator) -> Value
) -> [Value] {
    (0..<Int.random(in: 0...3, using: &generator)).map { _ in make(&generator) }
}

/// A number of any length.
private func number(using generator: inout SeededGenerator) -> Int64 {
    Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...63, using: &generator)
}

private func identifier(using generator: inout SeededGenerator) -> String {
    let letters = Array("abcXYZ019._:-")
    return String(
        (0..<Int.random(in: 1...128, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" }
    )
}

private func instant(using generator: inout SeededGenerator) -> Instant {
    Instant(milliseconds: .random(in: Int64.min...Int64.max, using: &generator))
}

private func text(_ most: Int, using generator: inout SeededGenerator) -> String {
    let characters: [Character] = [
        "a", "Z", "0", " ", "\"", "\\", "\n", "\u{0}", "\u{1F}", "/", "é", "漢", "🚀", "{", "%",
    ]
    let count = Int.random(in: 0...most, using: &generator)
    return String((0..<count).map { _ in characters.randomElement(using: &generator) ?? "a" })
}
