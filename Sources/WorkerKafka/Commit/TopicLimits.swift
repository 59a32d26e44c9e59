import KafkaClient
import Logging
import Synchronization
import WorkerRuntime

/// The largest record that each written topic takes: the broker's limit or the producer's own, whichever is lower. The
/// committers and the engine keep below it.
///
/// Kafka's defaults are assumed when the settings cannot be read: without the right to describe topics, or from a broker
/// that does not support the request.
final class TopicLimits: Sendable {
    private struct State {
        var limits: OutputLimits
        /// Whether the first question has its answer, or has none.
        var isSettled = false
        var isUnknown = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The largest record that the producer sends, unless the configuration names another limit.
    static let clientMaxBytes = 16 << 20
    /// How often the limits are read again.
    static let interval: Duration = .seconds(300)

    private let configuration: KafkaLogConfiguration
    private let logger: Logger
    private let clientLimit: Int
    private let state: Mutex<State>

    init(_ configuration: KafkaLogConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let own = configuration.kafka.properties["message.max.bytes"].flatMap { Int($0) }
        clientLimit = own ?? Self.clientMaxBytes
        var limits = OutputLimits()
        for topic in LogTopic.allCases { limits[topic] = min(limits[topic], clientLimit) }
        state = Mutex(State(limits: limits))
    }

    var current: OutputLimits { state.withLock { $0.limits } }

    /// The largest batch that all topics take: the brokers' limit is one of batches, not of records.
    var batchBytes: Int { current.smallest }

    /// Waits for the answer to the first question, so that nothing is written before the limits are known.
    func waitUntilSettled() async {
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                if !state.isSettled { state.waiting.append(continuation) }
                return state.isSettled
            }
            if isSettled { continuation.resume() }
        }
    }

    /// Ends all waits of ``waitUntilSettled()``.
    func settle() {
        let waiting = state.withLock { state in
            state.isSettled = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Asks the brokers periodically: a topic's limit may change while the worker runs. Ends when it is cancelled.
    func watch(_ admin: KafkaAdmin, _ sink: any LogSink) async {
        repeat { await refresh(admin, sink) } while await slept(for: Self.interval)
    }

    /// Asks the brokers and reports to the sink.
    ///
    /// - Parameter always: whether to ask brokers too that had no answer before.
    func refresh(_ admin: KafkaAdmin, _ sink: any LogSink, always: Bool = true) async {
        guard always || !state.withLock({ $0.isUnknown }) else { return }
        var limits = current
        do throws(KafkaError) {
            for topic in LogTopic.allCases {
                let name = configuration.topics.name(of: topic)
                let settings = try await admin.topicConfiguration(name, timeout: .seconds(3))
                guard let limit = settings["max.message.bytes"].flatMap({ Int($0) }) else { continue }
                limits[topic] = min(limit, clientLimit)
            }
            noteAnswer(isUnknown: false, nil)
        } catch {
            noteAnswer(isUnknown: true, error)
        }
        let isChanged = state.withLock { state in
            defer { state.limits = limits }
            return state.limits != limits
        }
        if isChanged {
            logger.info(
                "Limits of the written topics",
                metadata: [
                    "state": "\(limits.state)", "results": "\(limits.results)", "dead_letter": "\(limits.deadLetter)",
                ]
            )
        }
        sink.limitsChanged(limits)
        settle()
    }

    private func noteAnswer(isUnknown: Bool, _ error: KafkaError?) {
        let wasUnknown = state.withLock { state in
            defer { state.isUnknown = isUnknown }
            return state.isUnknown
        }
        guard let error, !wasUnknown, error.fault != .closed else { return }
        logger.notice(
            "Topic limits unavailable, assuming Kafka's defaults",
            metadata: ["error.message": "\(error)"]
        )
    }
}
