import KafkaClient
import Testing
import WorkerConsole

@testable import payout_worker

@Suite("Failures of actions")
struct TopicActionsTests {
    @Test func missingRightOnTheJobsTopicIsFinal() {
        let error = KafkaError(
            fault: .fatal,
            code: .topicAuthorizationFailed,
            message: "refused",
            operation: "produce"
        )
        for error in [error, CommandFailure("Failed to send", code: .topicAuthorizationFailed)] as [any Error] {
            let failure = ConsoleActionFailure(error, jobs: "jobs")
            #expect(failure.isFinal)
            #expect(failure.message.contains("Write on the topic jobs"))
        }
        let other = ConsoleActionFailure(CommandFailure("Kafka is unreachable"), jobs: "jobs")
        #expect(other == ConsoleActionFailure(isFinal: false, message: "Kafka is unreachable"))
    }
}
