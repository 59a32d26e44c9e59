public import ExportCore
public import Tracing

/// Conversions between trace contexts of records and of tracers.
extension TraceContext {
    /// The context for spans that belong to the job; `nil` where no tracer is installed.
    public var serviceContext: ServiceContext? {
        let instrument = InstrumentationSystem.instrument
        return instrument is NoOpInstrument ? nil : serviceContext(by: instrument)
    }

    func serviceContext(by instrument: any Instrument) -> ServiceContext {
        var context = ServiceContext.topLevel
        instrument.extract(self, into: &context, using: TraceContextExtractor())
        return context
    }

    /// The context that a tracer injects; `nil` when it injects no W3C trace context.
    init?(_ context: ServiceContext, by instrument: any Instrument) {
        var fields: [String: String] = [:]
        instrument.inject(context, into: &fields, using: FieldInjector())
        guard let parent = fields["traceparent"] else { return nil }
        self.init(parent: parent, state: fields["tracestate"])
    }

    /// The trace's id, for logs; `nil` when the context is not a valid W3C trace context.
    public var traceID: String? {
        // Bytes, because to find characters costs more than the rest of a log line.
        let parts = parent.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[1].count == 32 else { return nil }
        return String(parts[1])
    }
}

private struct TraceContextExtractor: Extractor {
    func extract(key: String, from carrier: TraceContext) -> String? {
        switch key.lowercased() {
        case "traceparent": carrier.parent
        case "tracestate": carrier.state
        default: nil
        }
    }
}

private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key.lowercased()] = value
    }
}
