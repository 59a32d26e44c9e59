import ExportCore
import Primitives

/// The values of a job record's headers, read in one pass.
struct RecordHeaders {
    /// How the record contains the job.
    enum Mode: Equatable {
        case bare, binary, structured
        case unsupported(String)
    }

    var mode = Mode.bare
    var trace: TraceContext?

    init(_ headers: [OriginalRecord.Header]) {
        guard !headers.isEmpty else { return }
        var contentType: [UInt8]?
        var (parent, state): ([UInt8]?, [UInt8]?)
        var (eventParent, eventState): ([UInt8]?, [UInt8]?)
        // Of a duplicate name the last one counts, as with Kafka's own lastHeader.
        for header in headers {
            let name = header.name.utf8
            if name.starts(with: "ce_".utf8) {
                mode = .binary
                if header.name == "ce_traceparent" { eventParent = header.value }
                if header.name == "ce_tracestate" { eventState = header.value }
            } else if name.isEqualIgnoringCase(to: "content-type") {
                contentType = header.value
            } else if name.isEqualIgnoringCase(to: "traceparent") {
                parent = header.value
            } else if name.isEqualIgnoringCase(to: "tracestate") {
                state = header.value
            }
        }
        if let contentType { setMode(contentType) }
        trace =
            parent.flatMap { TraceContext(validating: $0, state: state) }
            ?? eventParent.flatMap { TraceContext(validating: $0, state: eventState) }
    }

    private mutating func setMode(_ contentType: [UInt8]) {
        let prefix = "application/cloudevents"
        guard contentType.prefix(prefix.utf8.count).isEqualIgnoringCase(to: prefix) else { return }
        let format = contentType.dropFirst(prefix.utf8.count).prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        let isJSON = format.isEmpty || format.isEqualIgnoringCase(to: "+json")
        mode = isJSON ? .structured : .unsupported(String(decoding: contentType, as: UTF8.self))
    }
}

extension Sequence<UInt8> {
    /// Compares ASCII letters without regard to case. `text` must be in lower case.
    func isEqualIgnoringCase(to text: String) -> Bool {
        elementsEqual(text.utf8) { left, right in
            left == right || ((0x41...0x5A).contains(left) && left | 0x20 == right)
        }
    }
}

extension TraceContext {
    /// The trace context, if it is valid by W3C's Trace Context. An invalid `tracestate` is left out; with an
    /// invalid `traceparent` there is no context.
    init?(validating parent: [UInt8], state: [UInt8]?) {
        guard Self.isParent(parent) else { return nil }
        self.init(parent: String(decoding: parent, as: UTF8.self))
        if let state, 1...512 ~= state.count, state.allSatisfy({ 0x20...0x7E ~= $0 }) {
            self.state = String(decoding: state, as: UTF8.self)
        }
    }

    /// `version-traceid-parentid-flags`, all lower-case hexadecimal, ids not all zero. Versions later than 00 may
    /// have more at the end; `ff` is none.
    private static func isParent(_ text: [UInt8]) -> Bool {
        guard 55...256 ~= text.count, text.prefix(55).enumerated().allSatisfy(isInPlace) else { return false }
        let version = text[0..<2]
        guard !version.elementsEqual("ff".utf8) else { return false }
        if version.elementsEqual("00".utf8) {
            guard text.count == 55 else { return false }
        } else {
            guard text.count == 55 || text[55] == UInt8(ascii: "-"), text.allSatisfy({ 0x21...0x7E ~= $0 })
            else { return false }
        }
        let zero = UInt8(ascii: "0")
        return text[3..<35].contains { $0 != zero } && text[36..<52].contains { $0 != zero }
    }

    private static func isInPlace(_ offset: Int, _ byte: UInt8) -> Bool {
        if offset == 2 || offset == 35 || offset == 52 { return byte == UInt8(ascii: "-") }
        return Hexadecimal.value(of: byte).map { Hexadecimal.digit($0) } == byte
    }
}
