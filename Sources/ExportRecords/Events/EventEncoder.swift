public import ExportCore
import Primitives

/// Encodes completion events: CloudEvents 1.0 in Kafka's binary mode, with a JSON value.
///
/// The same event always yields the same bytes.
public struct EventEncoder: Sendable {
    private let source: String
    private let jobsTopic: String

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - groupID: The consumer group, for `ce_source`.
    ///   - jobsTopic: The jobs topic's name, for each event's `source`.
    public init(groupID: String, jobsTopic: String) {
        self.jobsTopic = jobsTopic
        // A segment of a path may hold these two as well (RFC 3986).
        source =
            "/payout-export-worker/"
            + groupID.percentEncoded {
                PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "@")
            }
    }

    /// Encodes an event for the results topic.
    public func encode(_ event: CompletionEvent) -> OutgoingRecord {
        OutgoingRecord(key: Array(event.jobID.utf8), value: value(event), headers: headers(event))
    }

    private func headers(_ event: CompletionEvent) -> [OriginalRecord.Header] {
        let time = event.times.finished ?? event.times.accepted
        let status = event.status.name
        return [
            OriginalRecord.Header("ce_specversion", "1.0"),
            OriginalRecord.Header("ce_id", event.id),
            OriginalRecord.Header("ce_source", source),
            OriginalRecord.Header("ce_type", "payout.export." + status),
            OriginalRecord.Header("ce_subject", event.jobID),
            OriginalRecord.Header("ce_time", time.rfc3339),
            OriginalRecord.Header("content-type", "application/json"),
        ] + traceHeaders(event.trace)
    }

    private func value(_ event: CompletionEvent) -> [UInt8] {
        let omitted = event.omitted
        var writer = JSONWriter(capacity: 1_024)
        writer.object { writer in
            writer.member("jobId", event.jobID)
            writer.member("status", event.status.name)
            writer.member("kind", event.job?.kind.name)
            writer.member("account", event.job?.account)
            writer.member("filter", omitted.contains(.filter) ? nil : event.job?.filter)
            writer.member("fileFormat", event.job?.fileFormat.name)
            writer.member("requestId", event.requestID)
            writer.member("attempts", event.attempts)
            writer.key("files")
            writer.array(event.files) { $0.file($1) }
            writer.key("error")
            writer.error(event.error, withDetails: !omitted.contains(.details))
            writer.key("source")
            writer.source(event.source, topic: jobsTopic)
            writer.key("times")
            writer.times(event.times)
            writer.key("metadata")
            writer.raw(omitted.contains(.metadata) ? "{}" : event.job?.metadataJSON ?? "{}")
            guard !omitted.isEmpty else { return }
            writer.key("omitted")
            writer.array(omitted) { $0.string($1.rawValue) }
        }
        return writer.bytes
    }
}

/// The parts that an event can leave out.
private enum OmittedField: String {
    case metadata
    case details = "error.details"
    case filter
}

extension CompletionEvent {
    /// The event's CloudEvents id, by which consumers recognise an event that is published again.
    public var id: String { "\(jobID)/\(source.partition)-\(source.offset)/\(status.name)" }

    /// The present parts that the event's form leaves out.
    fileprivate var omitted: [OmittedField] {
        var fields: [OmittedField] = []
        if form >= .reduced, job?.metadataJSON != nil { fields.append(.metadata) }
        if form >= .short, error?.details.isEmpty == false { fields.append(.details) }
        if form >= .least, job?.filter != nil { fields.append(.filter) }
        return fields
    }
}

extension JSONWriter {
    /// A time as RFC 3339 in UTC with milliseconds, or null.
    mutating func instant(_ instant: Instant?) {
        timestamp(instant.map { Timestamp(milliseconds: $0.milliseconds) })
    }

    fileprivate mutating func file(_ file: ExportFile) {
        object { writer in
            writer.member("location", file.location)
            writer.key("stored")
            writer.boolean(file.stored)
            writer.member("fileName", file.fileName)
            writer.member("mediaType", file.mediaType)
            writer.key("sizeBytes")
            if let size = file.sizeBytes { writer.integer(size) } else { writer.null() }
            writer.member("sha256", file.sha256)
            writer.key("expiresAt")
            writer.instant(file.expiresAt)
            guard !file.entries.isEmpty else { return }
            writer.key("entries")
            writer.array(file.entries) { writer, entry in
                writer.object { writer in
                    writer.member("name", entry.name)
                    writer.member("sizeBytes", entry.sizeBytes)
                }
            }
        }
    }

    fileprivate mutating func error(_ error: JobError?, withDetails: Bool) {
        guard let error else { return null() }
        object { writer in
            writer.member("code", error.code.name)
            writer.member("message", error.message)
            writer.key("details")
            writer.array(withDetails ? error.details : []) { writer, detail in
                writer.object { writer in
                    writer.member("field", detail.field)
                    writer.member("message", detail.message)
                }
            }
        }
    }

    fileprivate mutating func source(_ source: RecordSource, topic: String) {
        object { writer in
            writer.member("topic", topic)
            writer.member("partition", source.partition)
            writer.member("offset", source.offset)
        }
    }

    fileprivate mutating func times(_ times: JobTimes) {
        object { writer in
            writer.key("accepted")
            writer.instant(times.accepted)
            writer.key("submitted")
            writer.instant(times.submitted)
            writer.key("ready")
            writer.instant(times.ready)
            writer.key("finished")
            writer.instant(times.finished)
        }
    }
}
