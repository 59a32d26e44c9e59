public import ExportCore
import Primitives

/// Encodes completion events: CloudEvents 1.0 in Kafka's binary mode, with a JSON value.
///
/// The same event always yields the same bytes.
public struct EventEncoder: Sendable {
    let jobsTopic: String
    // The headers that all events have, and all of a status.
    let specVersion = OriginalRecord.Header("ce_specversion", "1.0")
    let source: OriginalRecord.Header
    private let types: [JobStatus: OriginalRecord.Header]
    let contentType = OriginalRecord.Header("content-type", "application/json")

    /// Creates an encoder.
    ///
    /// - Parameters:
    ///   - groupID: The consumer group, for `ce_source`.
    ///   - jobsTopic: The jobs topic's name, for each event's `source`.
    public init(groupID: String, jobsTopic: String) {
        self.jobsTopic = jobsTopic
        // A segment of a path may hold these two as well (RFC 3986).
        let group = groupID.percentEncoded {
            PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "@")
        }
        source = OriginalRecord.Header("ce_source", "/payout-export-worker/" + group)
        types = Dictionary(
            uniqueKeysWithValues: JobStatus.allCases.map {
                ($0, OriginalRecord.Header("ce_type", "payout.export." + $0.name))
            }
        )
    }

    /// Encodes an event for the results topic.
    public func encode(_ event: CompletionEvent) -> OutgoingRecord {
        let id = Array(event.jobID.utf8)
        return OutgoingRecord(key: id, value: value(event), headers: headers(event, id))
    }

    private func headers(_ event: CompletionEvent, _ id: [UInt8]) -> [OriginalRecord.Header] {
        var headers: [OriginalRecord.Header] = []
        headers.reserveCapacity(9)
        headers.append(specVersion)
        headers.append(OriginalRecord.Header("ce_id", event.id))
        headers.append(source)
        if let type = types[event.status] { headers.append(type) }
        headers.append(OriginalRecord.Header(name: "ce_subject", value: id))
        var time: [UInt8] = []
        Timestamp(milliseconds: (event.times.finished ?? event.times.accepted).milliseconds).appendRFC3339(to: &time)
        headers.append(OriginalRecord.Header(name: "ce_time", value: time))
        headers.append(contentType)
        headers += traceHeaders(event.trace)
        return headers
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
            writer.array(event.files) { $0.file($1, withColumns: !omitted.contains(.columns)) }
            writer.key("error")
            writer.error(event.error, withDetails: !omitted.contains(.details))
            writer.key("source")
            writer.source(event.source, topic: jobsTopic)
            writer.key("times")
            writer.times(event.times)
            writer.key("metadata")
            writer.raw(omitted.contains(.metadata) ? "{}" : event.job?.metadataJSON ?? "{}")
            if let retryOf = event.job?.retryOf { writer.member("retryOf", retryOf) }
            guard !omitted.isEmpty else { return }
            writer.key("omitted")
            writer.array(omitted) { $0.string($1.rawValue) }
        }
        return writer.bytes
    }
}

/// The parts that an event can leave out.
private enum OmittedField: String {
    case columns = "files.content.columns"
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
        if form >= .withoutColumns, files.contains(where: { $0.content?.columns != nil }) { fields.append(.columns) }
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

    fileprivate mutating func file(_ file: ExportFile, withColumns: Bool) {
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
            writer.key("content")
            writer.content(file.content, withColumns: withColumns)
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

    private mutating func content(_ content: FileContent?, withColumns: Bool) {
        guard let content else { return null() }
        object { writer in
            writer.key("rows")
            if let rows = content.rows { writer.integer(rows) } else { writer.null() }
            writer.key("columns")
            if withColumns, let columns = content.columns {
                writer.array(columns) { $0.string($1) }
            } else {
                writer.null()
            }
            writer.member("headerSha256", content.headerSHA256)
            writer.member("delimiter", content.delimiter)
            writer.member("encoding", content.encoding)
            writer.key("byteOrderMark")
            writer.boolean(content.hasByteOrderMark)
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

    mutating func source(_ source: RecordSource, topic: String) {
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
