public import ExportCore
import Primitives

// The event of a batch: another type of CloudEvent in the results topic, with the batch's id as its key and subject.
extension EventEncoder {
    /// Encodes the event of a batch for the results topic.
    public func encode(_ event: JobBatchEvent) -> OutgoingRecord {
        let id = Array(event.batch.id.utf8)
        var time: [UInt8] = []
        Timestamp(milliseconds: event.ended.milliseconds).appendRFC3339(to: &time)
        let headers = [
            specVersion, OriginalRecord.Header("ce_id", event.id), source,
            OriginalRecord.Header("ce_type", "payout.export.batch.completed"),
            OriginalRecord.Header(name: "ce_subject", value: id), OriginalRecord.Header(name: "ce_time", value: time),
            contentType,
        ]
        return OutgoingRecord(key: id, value: document(event, hasURLs: !event.expectsManifest), headers: headers)
    }

    /// The content of a batch's manifest: the event's value as a whole, without the location that it gets.
    public func manifest(_ event: JobBatchEvent) -> [UInt8] {
        var whole = event
        (whole.form, whole.manifestLocation, whole.manifestProblem) = (.whole, nil, nil)
        return document(whole, hasURLs: false)
    }

    /// The event's value. The same event always yields the same bytes.
    ///
    /// - Parameter hasURLs: whether files that are not stored have their URLs.
    private func document(_ event: JobBatchEvent, hasURLs: Bool) -> [UInt8] {
        let omitted = event.omitted
        var writer = JSONWriter(capacity: 512 + 512 * event.members.count)
        writer.object { writer in
            writer.member("batchId", event.batch.id)
            writer.member("status", event.status.name)
            writer.member("size", event.batch.size)
            writer.key("counts")
            writer.counts(of: event)
            writer.key("jobs")
            writer.array(omitted.contains(.jobs) ? [] : event.members) { $0.member($1, omitted, hasURLs: hasURLs) }
            writer.member("location", event.manifestLocation)
            if event.lacksManifest { writer.member("locationError", event.form < .least ? event.manifestProblem : nil) }
            writer.key("source")
            writer.source(event.source, topic: jobsTopic)
            writer.key("times")
            writer.object { writer in
                writer.key("accepted")
                writer.instant(event.accepted)
                writer.key("finished")
                writer.instant(event.ended)
            }
            guard !omitted.isEmpty else { return }
            writer.key("omitted")
            writer.array(omitted) { $0.string($1.rawValue) }
        }
        return writer.bytes
    }
}

/// The parts that the event of a batch can leave out.
private enum OmittedBatchPart: String {
    case fileLocations = "jobs.files.location"
    case files = "jobs.files"
    case jobs
    case location
}

extension JobBatchEvent {
    /// The event's CloudEvents id. No job id has an `@`, so it differs from those of all other events.
    public var id: String { "@batch/\(batch.id)/\(source.partition)-\(source.offset)/\(status.name)" }

    /// The present parts that the event's form leaves out, and the location of a manifest that could not be stored.
    fileprivate var omitted: [OmittedBatchPart] {
        var parts: [OmittedBatchPart] = []
        let hasFiles = members.contains { !$0.files.isEmpty }
        switch form {
        case .whole, .withoutColumns: break
        case .reduced: if hasFiles { parts.append(.fileLocations) }
        case .short: if hasFiles { parts.append(.files) }
        case .least: parts.append(.jobs)
        }
        if lacksManifest { parts.append(.location) }
        return parts
    }
}

extension JSONWriter {
    fileprivate mutating func counts(of event: JobBatchEvent) {
        object { writer in
            writer.member("completed", event.count(of: .completed))
            writer.member("failed", event.count(of: .failed))
            writer.member("cancelled", event.count(of: .cancelled))
            writer.member("missing", event.missingCount)
        }
    }

    fileprivate mutating func member(_ member: JobBatchEvent.Member, _ omitted: [OmittedBatchPart], hasURLs: Bool) {
        object { writer in
            writer.member("jobId", member.jobID)
            writer.member("status", member.status.name)
            writer.member("errorCode", member.code?.name)
            guard !omitted.contains(.files) else { return }
            writer.key("files")
            writer.array(member.files) { $0.file($1, hasLocation: !omitted.contains(.fileLocations), hasURL: hasURLs) }
        }
    }

    /// A file as the event of its job has it, without the parts that only that event needs. A manifest is kept longer than
    /// URLs work, and these are secrets: with a file store the URL of a file that is not stored is in that event alone.
    private mutating func file(_ file: ExportFile, hasLocation: Bool, hasURL: Bool) {
        object { writer in
            if hasLocation { writer.member("location", file.stored || hasURL ? file.location : nil) }
            writer.key("stored")
            writer.boolean(file.stored)
            writer.key("sizeBytes")
            if let size = file.sizeBytes { writer.integer(size) } else { writer.null() }
            writer.member("sha256", file.sha256)
            writer.key("rows")
            if let rows = file.content?.rows { writer.integer(rows) } else { writer.null() }
            writer.key("expiresAt")
            writer.instant(file.expiresAt)
        }
    }
}
