import KafkaClient
import Tracing
import WorkerRuntime

/// Spans of the calls to the brokers, by OpenTelemetry's conventions for Kafka.
extension KafkaLog {
    /// `commit {jobs topic}`; `nil` where no tracer is installed.
    func commitSpan(_ commit: LogCommit) -> (any Span)? {
        guard let tracer else { return nil }
        let span = tracer.startSpan("commit \(configuration.topics.jobs)", context: .topLevel, ofKind: .client)
        describe(span, operation: "commit", type: "settle", count: commit.outputs.count)
        return span
    }

    func end(_ span: (any Span)?, _ outcome: CommitOutcome) {
        guard let span else { return }
        switch outcome {
        case .committed: break
        case .aborted(let reason, let cause), .unresolved(let reason, let cause), .refused(_, let reason, let cause):
            guard span.isRecording else { break }
            span.attributes["error.type"] = cause
            span.setStatus(SpanStatus(code: .error, message: reason))
        }
        span.end()
    }

    /// `poll {jobs topic}`, for records that have just come.
    func pollSpan(_ count: Int) {
        guard let tracer, count > 0 else { return }
        let span = tracer.startSpan("poll \(configuration.topics.jobs)", context: .topLevel, ofKind: .client)
        describe(span, operation: "poll", type: "receive", count: count)
        span.end()
    }

    private func describe(_ span: any Span, operation: String, type: String, count: Int) {
        guard span.isRecording else { return }
        span.attributes["messaging.batch.message_count"] = count
        span.attributes["messaging.system"] = "kafka"
        span.attributes["messaging.operation.name"] = operation
        span.attributes["messaging.operation.type"] = type
        span.attributes["messaging.destination.name"] = configuration.topics.jobs
        span.attributes["messaging.consumer.group.name"] = configuration.groupID
        span.attributes["messaging.client.id"] = configuration.workerID
    }
}
