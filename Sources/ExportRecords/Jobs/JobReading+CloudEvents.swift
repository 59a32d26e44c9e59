import ExportCore
import Primitives

// CloudEvents 1.0, JSON event format and Kafka protocol binding.
extension JobReading {
    /// Reads a job from a record in binary mode: the attributes are headers, the value is the job.
    mutating func readBinaryEvent(_ scanner: JSONScanner, headers: [OriginalRecord.Header]) {
        readJob(scanner)
        for name in ["ce_specversion", "ce_id", "ce_source", "ce_type"] {
            let value = headers.last { $0.name == name }?.value
            checkAttribute(name, value.flatMap { String(validating: $0, as: UTF8.self) })
        }
    }

    /// Reads a job from a record in structured mode: the value is the event, its `data` the job.
    mutating func readStructuredEvent(_ scanner: JSONScanner) {
        var scanner = scanner
        var event = EventFields()
        do {
            guard try enterDocument(&scanner) else { return }
            var isFirst = true
            while let key = try scanner.nextKey(isFirst: &isFirst) {
                let value = try scanner.value()
                scanner.withText(key) { event.set($0, to: value) }
            }
            try scanner.finish()
        } catch {
            setFault(error, in: scanner)
        }
        let documentFault = fault
        readData(of: event, in: scanner)
        if let documentFault {
            fault = documentFault
            return
        }
        checkAttribute("specversion", event.text(event.specversion, in: scanner))
        checkAttribute("id", event.text(event.id, in: scanner))
        checkAttribute("source", event.text(event.source, in: scanner))
        checkAttribute("type", event.text(event.type, in: scanner))
        if let parent = event.text(event.traceparent, in: scanner) {
            eventTrace = TraceContext(
                validating: Array(parent.utf8),
                state: event.text(event.tracestate, in: scanner).map { Array($0.utf8) }
            )
        }
    }

    private mutating func readData(of event: EventFields, in scanner: JSONScanner) {
        if let data = event.data {
            guard data.kind == .object else {
                return addError("data", "must be the job, a JSON object, not \(data.noun)")
            }
            // The data was already scanned as part of the event, so only its fields can be invalid.
            readJob(JSONScanner(scanner.bytes, at: data))
        } else if let encoded = event.dataBase64 {
            guard encoded.isString, let bytes = scanner.withText(encoded, { Base64.decoded($0) }) else {
                return addError("data_base64", "must be a string of base64")
            }
            bytes.withUnsafeBufferPointer { readJob(JSONScanner($0)) }
        } else if fault == nil {
            addError("data", "is required: the job, a JSON object")
        }
    }

    private mutating func checkAttribute(_ name: String, _ value: String?) {
        guard let value, !value.isEmpty else {
            return addError(name, "is required in a CloudEvents event: a string that is not empty")
        }
        if name.hasSuffix("specversion"), value != "1.0" {
            addError(name, "must be 1.0, not \(excerpt(value))")
        }
    }
}

/// Where a structured event's attributes are.
private struct EventFields {
    var specversion: JSONToken?
    var id: JSONToken?
    var source: JSONToken?
    var type: JSONToken?
    var data: JSONToken?
    var dataBase64: JSONToken?
    var traceparent: JSONToken?
    var tracestate: JSONToken?

    mutating func set(_ name: UnsafeBufferPointer<UInt8>, to value: JSONToken) {
        let value = value.kind == .null ? nil : value
        switch name.count {
        case 2: if name.isEqual(to: "id") { id = value }
        case 4:
            if name.isEqual(to: "type") { type = value }
            if name.isEqual(to: "data") { data = value }
        case 6: if name.isEqual(to: "source") { source = value }
        case 10: if name.isEqual(to: "tracestate") { tracestate = value }
        case 11:
            if name.isEqual(to: "specversion") { specversion = value }
            if name.isEqual(to: "traceparent") { traceparent = value }
            if name.isEqual(to: "data_base64") { dataBase64 = value }
        default: break
        }
    }

    func text(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let token, token.isString else { return nil }
        return scanner.text(token)
    }
}
