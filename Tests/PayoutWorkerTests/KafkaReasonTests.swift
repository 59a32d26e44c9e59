import KafkaClient
import Testing

@testable import payout_worker

@Suite struct KafkaReasonTests {
    private let start = ContinuousClock.now

    private func error(_ code: KafkaErrorCode) -> KafkaError {
        KafkaError(fault: .retry, code: code, message: "message", operation: "read topic")
    }

    /// librdkafka reports refused credentials once in 30 seconds, and each call in between finds no broker.
    @Test func refusedCredentialsRemainTheReasonWhileCallsFindNoBroker() {
        let reason = KafkaReason()
        reason.add(error(.authentication), at: start)
        reason.add(error(.allBrokersDown), at: start)
        for seconds in [0, 5, 11, 59] {
            let cause = reason.cause(of: error(.transport), at: start + .seconds(seconds))
            #expect(cause.code == .authentication, "after \(seconds) s")
        }
        reason.add(error(.authentication), at: start + .seconds(30))
        #expect(reason.cause(of: error(.timedOut), at: start + .seconds(80)).code == .authentication)
    }

    @Test func reasonThatIsNotRepeatedIsReplacedByALessSpecificOne() {
        let reason = KafkaReason()
        reason.add(error(.authentication), at: start)
        #expect(reason.cause(of: error(.transport), at: start + KafkaReason.memory).code == .transport)
    }

    @Test func reasonEndsWhenABrokerAnswers() {
        let reason = KafkaReason()
        reason.add(error(.authentication), at: start)
        #expect(reason.cause(of: error(.topicAuthorizationFailed), at: start).code == .topicAuthorizationFailed)
        #expect(reason.cause(of: error(.transport), at: start).code == .transport)
    }
}
