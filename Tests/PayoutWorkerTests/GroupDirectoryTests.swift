import KafkaClient
import Testing

@testable import payout_worker

/// What people read where the members of the group are unknown.
@Suite struct GroupDirectoryTests {
    private func reason(_ code: KafkaErrorCode, _ message: String = "") -> String {
        KafkaError(fault: .configuration, code: code, message: message, operation: "describe group")
            .reasonMembersAreUnknown
    }

    @Test func brokerWithoutTheRequestIsNamed() {
        #expect(reason(.unsupportedFeature) == "this broker does not report them")
        #expect(reason(.timedOut) == "the broker does not describe the group (_TIMED_OUT)")
    }

    /// An older librdkafka gets no members from the broker, which would read as an empty group.
    @Test func libraryThatIsTooOldIsNamed() {
        let message = "the group protocol 'consumer' needs librdkafka 2.12.0 or later, and this process has 2.0.2"
        #expect(reason(.notImplemented, message) == message)
    }
}
