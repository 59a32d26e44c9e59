import ExportCore
import ExportRecords
import Foundation

extension FuzzTarget {
    /// The value of a record of the jobs topic.
    static let jobs = FuzzTarget(
        name: "jobs",
        samples: ["schemas/golden/jobs/valid", "schemas/golden/jobs/invalid"],
        dictionary: [
            "\"jobId\":", "\"action\":", "\"export\"", "\"cancel\"", "\"pause\"", "\"resume\"", "\"kind\":",
            "\"payments\"", "\"transactionHistory\"", "\"filter\":", "\"fileFormat\":\"tsv\"", "\"account\":",
            "\"notBefore\":", "\"deadline\":", "\"until\":", "\"maxAttempts\":", "\"requestId\":", "\"retryOf\":",
            "\"metadata\":{", "\"batch\":{\"id\":", "\"size\":", "\"calls\":true", "\"reason\":", "null", "-0", "1e5",
            "9999999999", "2026-12-01T00:00:00Z", "\\u0000", "\\ud83d", "\u{FEFF}",
        ]
    ) { problem(ofJob: $0, headers: []) }

    /// A record of the jobs or the dead-letter topic with headers: lines of `name: value`, an empty line, the value.
    static let cloudEvents = FuzzTarget(
        name: "cloud-events",
        dictionary: [
            "content-type: application/cloudevents+json\n", "content-type: application/json\n",
            "content-type: application/cloudevents-batch+json\n", "ce_specversion: 1.0\n", "ce_id: 1\n",
            "ce_source: /s\n", "ce_type: t\n", "ce_datacontenttype: application/json\n",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n", "tracestate: a=b\n",
            "__dlq.errors.topic: ", "__dlq.errors.partition: ", "__dlq.errors.offset: ", "__dlq.errors.value.size: ",
            "\"specversion\":\"1.0\"", "\"data\":", "\"data_base64\":", "\"datacontenttype\":", "\"traceparent\":",
            "\n\n", "; charset=UTF-8", "null",
        ]
    ) { bytes in
        let (headers, value) = split(bytes)
        let record = OriginalRecord(key: Array("3f2c9a64".utf8), value: value, headers: headers)
        let letter = DeadLetterDocument(record)
        for form in OutputForm.allCases {
            var refused = DeadLetter(original: letter.original, partition: 0, offset: 1, reason: "r")
            refused.form = form
            let written = DeadLetterEncoder(topic: "t", groupID: "g").encode(refused)
            let again = DeadLetterDocument(
                OriginalRecord(key: written.key, value: written.value, headers: written.headers)
            )
            if again.topic != "t" || again.offset != 1 { return "a dead letter does not read back" }
            let isComplete = form == .whole && letter.original.omitted == OmittedParts()
            if isComplete, again.original != letter.original { return "a dead letter changes its record" }
        }
        return problem(ofJob: value, headers: headers)
    }

    private static func split(_ bytes: [UInt8]) -> (headers: [OriginalRecord.Header], value: [UInt8]) {
        var headers: [OriginalRecord.Header] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest.dropFirst(line.count + 1)
            guard !line.isEmpty else { break }
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            // A line without a colon is a header whose value is null.
            let value = name.count == line.count ? nil : Array(line.dropFirst(name.count + 1).drop { $0 == 0x20 })
            headers.append(OriginalRecord.Header(name: String(decoding: name, as: UTF8.self), value: value))
        }
        return (headers, Array(rest))
    }

    private static func decoded(_ value: [UInt8]?, key: [UInt8], headers: [OriginalRecord.Header] = []) -> JobInput {
        JobDecoder().decode(OriginalRecord(key: key, value: value, headers: headers), offset: 7)
    }

    private static func problem(ofJob value: [UInt8], headers: [OriginalRecord.Header]) -> String? {
        for key in ["3f2c9a64", JobLimits.controlKey] {
            switch decoded(value, key: Array(key.utf8), headers: headers).content {
            case .export(let job):
                guard JobLimits.isJobID(job.id), JobLimits.maxAttempts.contains(job.maxAttempts) else {
                    return "an invalid job is accepted"
                }
                let again = JobEncoder().encode(job)
                guard case .export(let other) = decoded(again.value, key: again.key ?? []).content,
                    other.hasSameContent(as: job)
                else { return "a job does not read back" }
            case .cancel(let id, _): if !JobLimits.isJobID(id) { return "an invalid id is accepted" }
            case .pause(let pause):
                let again = decoded(JobEncoder().encode(pause).value, key: Array(JobLimits.controlKey.utf8)).content
                guard case .pause(pause) = again else { return "a pause does not read back" }
            case .resume(let target):
                let value = JobEncoder().encodeResume(target).value
                guard case .resume(target) = decoded(value, key: Array(JobLimits.controlKey.utf8)).content else {
                    return "a command does not read back"
                }
            case .unreadable(let id, let reason, let details, _):
                if id.map(JobLimits.isJobID) == false { return "an invalid id is returned" }
                if reason.isEmpty || reason.utf8.count > 4_096 { return "a reason of \(reason.utf8.count) bytes" }
                if details.contains(where: { $0.field.isEmpty || $0.message.isEmpty }) { return "an empty detail" }
                if let problem = controlCharacter(in: reason) { return problem }
            }
        }
        return nil
    }

    /// The value of a record of the state topic, under keys of each kind.
    static let stateRecords = FuzzTarget(
        name: "state-records",
        samples: ["schemas/golden/state/v1", "schemas/golden/state/v2", "schemas/golden/state/v3"],
        dictionary: ["\u{08}\u{01}", "\u{08}\u{02}", "\u{08}\u{03}", "payments", "transactionHistory", "\u{7F}"]
    ) { bytes in
        let codec = StateCodec()
        let keys = [
            "3f2c9a64", StateCodec.positionKey, StateCodec.originKey, StateCodec.controlKey,
            StateCodec.batchKeyPrefix + "b", "@later", "",
        ]
        for key in keys {
            guard let record = try? codec.decode(key: Array(key.utf8), value: bytes) else { continue }
            let written = codec.encode(record)
            guard let again = try? codec.decode(key: written.key, value: written.value), again == record else {
                return "a record of '\(key)' does not read back"
            }
        }
        return nil
    }

    /// The value of a record of the results topic, as the commands read it.
    static let events = FuzzTarget(
        name: "events",
        samples: ["schemas/golden/events", "schemas/golden/batch-events"],
        dictionary: [
            "\"jobId\":", "\"files\":[", "\"error\":{", "\"times\":{", "\"source\":{", "\"counts\":{", "1e400", "null",
        ]
    ) { bytes in
        let decoder = EventDecoder()
        if let event = try? decoder.decode(value: bytes) {
            guard let written = try? JSONEncoder().encode(event),
                let again = try? decoder.decode(value: Array(written)), again == event
            else { return "an event does not read back" }
        }
        if let batch = decoder.decodeBatch(value: bytes) {
            guard let written = try? JSONEncoder().encode(batch), decoder.decodeBatch(value: Array(written)) == batch
            else { return "a batch event does not read back" }
        }
        return nil
    }
}
