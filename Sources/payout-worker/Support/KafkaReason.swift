import KafkaClient
import Synchronization
import WorkerKafka
import WorkerRuntime

/// Why a call to Kafka found no broker. librdkafka reports the reason separately from the call, for each broker and in any
/// order, and repeats an unchanged reason only every 30 seconds.
final class KafkaReason: Sendable {
    private struct Known {
        var error: KafkaError
        var last: ContinuousClock.Instant
    }

    private let known = Mutex<Known?>(nil)

    /// A reason that was not repeated for this time is replaced by a less specific one.
    static let memory: Duration = .seconds(60)

    /// Adds an error of the client as a whole.
    func add(_ error: KafkaError, at now: ContinuousClock.Instant = .now) {
        known.withLock { known in
            if let known, Self.specificity(known.error) > Self.specificity(error),
                known.last.duration(to: now) < Self.memory
            {
                return
            }
            known = Known(error: error, last: now)
        }
    }

    /// Why a call failed with this error: the most specific error that was reported recently, unless a broker has answered
    /// the call.
    func cause(of error: KafkaError, at now: ContinuousClock.Instant = .now) -> KafkaError {
        guard Self.isConnectionError(error) else {
            known.withLock { $0 = nil }
            return error
        }
        add(error, at: now)
        return known.withLock { $0?.error ?? error }
    }

    private static func isConnectionError(_ error: KafkaError) -> Bool {
        error.meansUnreachable || [.authentication, .encryption].contains(LogProblem.Cause(error.code))
    }

    private static func specificity(_ error: KafkaError) -> Int { LogProblem.Cause(error.code).specificity }
}
