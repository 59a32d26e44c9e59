public import ExportCore

/// Writes completion events: CloudEvents 1.0 in Kafka's binary mode, the value JSON.
///
/// The same event gives the same bytes, however often it is written.
public struct EventEncoder: Sendable {
    private let source: String

    /// Creates an encoder.
    ///
    /// - Parameter groupID: The consumer group, for `ce_source`.
    public init(groupID: String) {
        source = "/payout-export-worker/" + percentEncodedSegment(groupID)
    }

    /// An event's record for the results topic.
    public func encode(_ event: CompletionEvent) -> OutgoingRecord {
        OutgoingRecord(key: Array(event.jobID.utf8), value: value(event), headers: headers(event))
    }

    private func headers(_ event: CompletionEvent) -> [OriginalRecord.Header] {
        let time = event.times.finished ?? event.times.accepted
        let status = event.status.name
        return [
            OriginalRecord.Header("ce_specversion", "1.0"),
            OriginalRecord.Header("ce_id", event.jobID + "/" + status),
            OriginalRecord.Header("ce_source", source),
            OriginalRecord.Header("ce_type", "payout.export." + status),
            OriginalRecord.Header("ce_subject", event.jobID),
            OriginalRecord.Header("ce_time", time.rfc3339),
            OriginalRecord.Header("content-type", "application/json"),
        ] + traceHeaders(event.trace)
    }

    private func value(_ event: CompletionEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.object { writer in
            writer.key("jobId")
            writer.string(event.jobID)
            writer.key("status")
            writer.string(event.status.name)
            writer.key("kind")
            writer.string(event.job?.kind.name)
            writer.key("account")
            writer.string(event.job?.account)
            writer.key("filter")
            writer.string(event.job?.filter)
            writer.key("fileFormat")
            writer.string(event.job?.fileFormat.name)
            writer.key("requestId")
            writer.string(event.requestID)
            writer.key("attempts")
            writer.integer(Int64(event.attempts))
            writer.key("files")
            writer.array(event.files) { $0.file($1) }
            writer.key("error")
            writer.error(event.error)
            writer.key("times")
            writer.times(event.times)
            writer.key("metadata")
            writer.raw(event.job?.metadataJSON ?? "{}")
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func file(_ file: ExportFile) {
        object { writer in
            writer.key("location")
            writer.string(file.location)
            writer.key("stored")
            writer.boolean(file.stored)
            writer.key("fileName")
            writer.string(file.fileName)
            writer.key("mediaType")
            writer.string(file.mediaType)
            writer.key("sizeBytes")
            if let size = file.sizeBytes { writer.integer(size) } else { writer.null() }
            writer.key("sha256")
            writer.string(file.sha256)
            writer.key("expiresAt")
            writer.instant(file.expiresAt?.milliseconds)
            guard !file.entries.isEmpty else { return }
            writer.key("entries")
            writer.array(file.entries) { writer, entry in
                writer.object { writer in
                    writer.key("name")
                    writer.string(entry.name)
                    writer.key("sizeBytes")
                    writer.integer(entry.sizeBytes)
                }
            }
        }
    }

    fileprivate mutating func error(_ error: JobError?) {
        guard let error else { return null() }
        object { writer in
            writer.key("code")
            writer.string(error.code.name)
            writer.key("message")
            writer.string(error.message)
            writer.key("details")
            writer.array(error.details) { writer, detail in
                writer.object { writer in
                    writer.key("field")
                    writer.string(detail.field)
                    writer.key("message")
                    writer.string(detail.message)
                }
            }
        }
    }

    fileprivate mutating func times(_ times: JobTimes) {
        object { writer in
            writer.key("accepted")
            writer.instant(times.accepted.milliseconds)
            writer.key("submitted")
            writer.instant(times.submitted?.milliseconds)
            writer.key("ready")
            writer.instant(times.ready?.milliseconds)
            writer.key("finished")
            writer.instant(times.finished?.milliseconds)
        }
    }
}

/// One segment of a URI's path (RFC 3986), so that any group id gives a valid `source`.
private func percentEncodedSegment(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "@"):
            bytes.append(byte)
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            bytes.append(contentsOf: (digits.utf8.count == 1 ? "%0" : "%").utf8)
            bytes.append(contentsOf: digits.utf8)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
