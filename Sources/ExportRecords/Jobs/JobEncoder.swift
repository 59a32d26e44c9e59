public import ExportCore
import Primitives

/// Encodes records of the jobs topic, for `enqueue` and `cancel`.
public struct JobEncoder: Sendable {
    /// Creates an encoder.
    public init() {}

    /// A job's record. Fields that are absent in the job are left out.
    public func encode(_ job: ExportJob) -> OutgoingRecord {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("jobId", job.id)
            writer.member("action", "export")
            writer.member("kind", job.kind.name)
            if let filter = job.filter {
                writer.member("filter", filter)
            }
            writer.member("fileFormat", job.fileFormat.name)
            writer.member("account", job.account)
            if let notBefore = job.notBefore {
                writer.key("notBefore")
                writer.instant(notBefore)
            }
            if let deadline = job.deadline {
                writer.key("deadline")
                writer.instant(deadline)
            }
            writer.member("maxAttempts", job.maxAttempts)
            if let requestID = job.adoptedRequestID {
                writer.member("requestId", requestID)
            }
            if let metadata = job.metadataJSON {
                writer.key("metadata")
                writer.raw(metadata)
            }
            if let batch = job.batch {
                writer.key("batch")
                writer.object { writer in
                    writer.member("id", batch.id)
                    writer.member("size", batch.size)
                }
            }
            if let retryOf = job.retryOf { writer.member("retryOf", retryOf) }
        }
        return record(key: job.batch?.id ?? job.id, value: writer.bytes, trace: job.trace)
    }

    /// The record of a cancel command.
    ///
    /// - Parameters:
    ///   - id: The job's id.
    ///   - batchID: The id of the job's batch, which is the key of the job's record, where it has one.
    ///   - trace: The trace context.
    public func encodeCancel(id: String, batchID: String? = nil, trace: TraceContext? = nil) -> OutgoingRecord {
        var writer = JSONWriter(capacity: 192)
        writer.object { writer in
            writer.member("jobId", id)
            writer.member("action", "cancel")
        }
        return record(key: batchID ?? id, value: writer.bytes, trace: trace)
    }

    /// The record that pauses jobs. It is written once to every partition.
    public func encode(_ pause: JobPause) -> OutgoingRecord {
        control("pause", pause.target) { writer in
            if let until = pause.until {
                writer.key("until")
                writer.instant(until)
            }
            if let reason = pause.reason { writer.member("reason", reason) }
            if pause.holdsCalls {
                writer.key("calls")
                writer.boolean(true)
            }
        }
    }

    /// The record that ends pauses. It is written once to every partition.
    public func encodeResume(_ target: PauseTarget) -> OutgoingRecord { control("resume", target) { _ in } }

    private func control(_ action: String, _ target: PauseTarget, _ more: (inout JSONWriter) -> Void) -> OutgoingRecord
    {
        var writer = JSONWriter(capacity: 192)
        writer.object { writer in
            writer.member("action", action)
            if let account = target.account { writer.member("account", account) }
            if let kind = target.kind { writer.member("kind", kind.name) }
            more(&writer)
        }
        return record(key: JobLimits.controlKey, value: writer.bytes, trace: nil)
    }

    /// Metadata as a job carries it: compact JSON with sorted keys; `nil` when there is none.
    public func metadataJSON(_ metadata: [String: String]) -> String? {
        guard !metadata.isEmpty else { return nil }
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            for key in metadata.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                writer.key(escaping: key)
                writer.string(metadata[key])
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func record(key: String, value: [UInt8], trace: TraceContext?) -> OutgoingRecord {
        OutgoingRecord(
            key: Array(key.utf8),
            value: value,
            headers: [OriginalRecord.Header("content-type", "application/json")] + traceHeaders(trace)
        )
    }
}

/// A trace context as record headers.
func traceHeaders(_ trace: TraceContext?) -> [OriginalRecord.Header] {
    guard let trace else { return [] }
    let parent = OriginalRecord.Header("traceparent", trace.parent)
    guard let state = trace.state else { return [parent] }
    return [parent, OriginalRecord.Header("tracestate", state)]
}
