import ExportCore
import ExportRecords
import Tracing

/// The spans of a job in the worker, by OpenTelemetry's conventions for Kafka.
///
/// `process {jobs topic}` when a job is read: a child of its producer's span, and linked to it. The state record keeps
/// its context, so all later work for the job belongs to the same trace, also on another worker: the requests to the
/// service, and `send {results topic}`, whose context the event carries. `export {kind}` spans the time from the job's
/// acceptance to its end. Without a tracer there are no spans, and the producer's own context is passed through. A span
/// that is not recorded gets no attributes.
struct JobTracing: Sendable {
    private let jobsTopic: String
    private let resultsTopic: String
    private let processName: String
    private let sendName: String
    private let groupID: String
    private let clientID: String
    private let tracer: (any Tracer)?

    /// - Parameter tracer: `nil` for the process's, which must be installed before.
    init(jobsTopic: String, resultsTopic: String, groupID: String, clientID: String, tracer: (any Tracer)? = nil) {
        self.jobsTopic = jobsTopic
        self.resultsTopic = resultsTopic
        processName = "process \(jobsTopic)"
        sendName = "send \(resultsTopic)"
        self.groupID = groupID
        self.clientID = clientID
        self.tracer = installedTracer(orOwn: tracer)
    }

    // MARK: Input

    /// Records the span of the input's processing. Returns the input with that span's context.
    func process(_ input: JobInput, partition: Int32) -> JobInput {
        guard let tracer else { return input }
        let producer = input.content.trace?.serviceContext(by: tracer)
        let span = tracer.startSpan(
            processName,
            context: producer ?? .topLevel,
            ofKind: .consumer,
            at: DefaultTracerClock.now
        )
        if span.isRecording { describe(span, input, partition: partition, producer: producer) }
        let context = TraceContext(span.context, by: tracer)
        span.end()
        guard let context else { return input }
        var traced = input
        traced.content = input.content.traced(context)
        return traced
    }

    private func describe(_ span: any Span, _ input: JobInput, partition: Int32, producer: ServiceContext?) {
        describe(span, operation: "process", type: "process", topic: jobsTopic)
        if let producer { span.addLink(SpanLink(context: producer, attributes: [:])) }
        span.attributes["messaging.destination.partition.id"] = String(partition)
        span.attributes["messaging.consumer.group.name"] = groupID
        span.attributes["messaging.kafka.offset"] = Int(input.offset)
        // The key of a job of a batch is the batch's id.
        if let key = input.original.key {
            span.attributes["messaging.kafka.message.key"] = String(decoding: key, as: UTF8.self)
        }
        if let id = input.content.jobID { span.attributes["messaging.message.conversation_id"] = id }
        if case .unreadable(_, let reason, _, _) = input.content {
            span.attributes["error.type"] = JobErrorCode.invalidJob.name
            span.setStatus(SpanStatus(code: .error, message: reason))
        }
    }

    // MARK: Output

    /// Starts a span for each event of the batch and gives the event its context. ``end(_:failure:)`` ends them.
    func send(_ batch: inout CommitBatch) -> [any Span] {
        guard let tracer else { return [] }
        var spans: [any Span] = []
        for index in batch.records.indices {
            guard case .event(let partition, var event) = batch.records[index] else { continue }
            let parent = event.trace?.serviceContext(by: tracer) ?? .topLevel
            let span = tracer.startSpan(
                sendName,
                context: parent,
                ofKind: .producer,
                at: DefaultTracerClock.now
            )
            if span.isRecording {
                describe(span, operation: "send", type: "send", topic: resultsTopic)
                span.attributes["messaging.kafka.message.key"] = event.jobID
                span.attributes["messaging.message.id"] = event.id
                span.attributes["messaging.message.conversation_id"] = event.jobID
            }
            if let context = TraceContext(span.context, by: tracer) {
                event.trace = context
                batch.records[index] = .event(partition: partition, event)
            }
            spans.append(span)
        }
        return spans
    }

    /// Ends the spans of a batch's events.
    ///
    /// - Parameter failure: why the batch was not stored.
    func end(_ spans: [any Span], failure: String? = nil) {
        for span in spans {
            if let failure, span.isRecording {
                span.attributes["error.type"] = "commitFailed"
                span.setStatus(SpanStatus(code: .error, message: failure))
            }
            span.end()
        }
    }

    /// Records the span from a job's acceptance to its end. It is created at the end, because the job may have been
    /// accepted in another process. Call this once, when the job's end is committed, and not when its event is
    /// published again.
    func ended(_ event: CompletionEvent) {
        guard let tracer, event.status != .rejected, let job = event.job, let finished = event.times.finished
        else { return }
        let parent = event.trace?.serviceContext(by: tracer) ?? .topLevel
        let span = tracer.startSpan(
            "export \(job.kind.name)",
            context: parent,
            ofKind: .internal,
            at: event.times.accepted.timestamp
        )
        defer { span.end(at: finished.timestamp) }
        guard span.isRecording else { return }
        span.attributes["payout.export.job.id"] = job.id
        span.attributes["payout.export.account"] = job.account
        span.attributes["payout.export.status"] = event.status.name
        span.attributes["payout.export.attempts"] = event.attempts
        if let requestID = event.requestID { span.attributes["payout.export.request.id"] = requestID }
        if let error = event.error {
            span.attributes["error.type"] = error.code.name
            span.setStatus(SpanStatus(code: .error, message: error.message))
        }
    }

    private func describe(_ span: any Span, operation: String, type: String, topic: String) {
        span.attributes["messaging.system"] = "kafka"
        span.attributes["messaging.operation.name"] = operation
        span.attributes["messaging.operation.type"] = type
        span.attributes["messaging.destination.name"] = topic
        span.attributes["messaging.client.id"] = clientID
    }
}

extension Instant {
    fileprivate var timestamp: DefaultTracerClock.Timestamp {
        DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: UInt64(clamping: max(0, milliseconds)) &* 1_000_000)
    }
}

extension JobInput.Content {
    fileprivate var trace: TraceContext? {
        switch self {
        case .export(let job): job.trace
        case .cancel(_, let trace), .unreadable(_, _, _, let trace): trace
        case .pause, .resume: nil
        }
    }

    fileprivate func traced(_ trace: TraceContext) -> JobInput.Content {
        switch self {
        case .export(var job):
            job.trace = trace
            return .export(job)
        case .cancel(let id, _): return .cancel(id: id, trace: trace)
        case .pause, .resume: return self
        case .unreadable(let id, let reason, let details, _):
            return .unreadable(jobID: id, reason: reason, details: details, trace: trace)
        }
    }
}
