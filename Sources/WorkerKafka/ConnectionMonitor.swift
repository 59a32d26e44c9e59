import KafkaClient
import Synchronization
import WorkerRuntime

/// Tells when Kafka cannot be reached, and when it can again: librdkafka says only the former.
final class ConnectionMonitor: Sendable {
    private struct State {
        var problem: String?
        var probing: Task<Void, Never>?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let consumer: KafkaConsumer
    private let probe: KafkaTopicPartition
    private let sink: any LogSink

    init(consumer: KafkaConsumer, probe: KafkaTopicPartition, sink: any LogSink) {
        self.consumer = consumer
        self.probe = probe
        self.sink = sink
    }

    func failed(_ error: KafkaError) {
        let isNew = state.withLock { state in
            guard !state.isStopped, state.problem == nil else { return false }
            state.problem = error.description
            state.probing = Task { await self.probeUntilReached() }
            return true
        }
        if isNew { sink.connection(problem: error.description) }
    }

    func reached() {
        let wasAway = state.withLock { state in
            guard state.problem != nil else { return false }
            state.problem = nil
            state.probing?.cancel()
            state.probing = nil
            return true
        }
        if wasAway { sink.connection(problem: nil) }
    }

    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.probing?.cancel()
        }
    }

    private func probeUntilReached() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            guard !Task.isCancelled else { return }
            if (try? await consumer.watermarks(probe, timeout: .seconds(5))) != nil { return reached() }
        }
    }
}
