public import Tracing

/// The tracer to use: this one, or the process's, which must be installed before; `nil` for the one that stands for none.
public func installedTracer(orOwn tracer: (any Tracer)? = nil) -> (any Tracer)? {
    let tracer = tracer ?? InstrumentationSystem.tracer
    return tracer is NoOpTracer ? nil : tracer
}
