import Foundation
import Testing
import WorkerExports

@Suite struct NameBasedUUIDTests {
    /// The expected values come from another implementation of RFC 9562, with the same namespace and names.
    @Test func agreesWithAnotherImplementation() {
        #expect(
            UUID.idempotencyID(job: "job-1", attempt: 1).uuidString.lowercased()
                == "2d46573e-471d-5d44-84ee-6570776be980"
        )
        #expect(
            UUID.idempotencyID(job: "job-1", attempt: 2).uuidString.lowercased()
                == "2de7ab39-c1b5-5db4-a2b8-ebada164b08a"
        )
        #expect(UUID.correlationID(job: "job-1").uuidString.lowercased() == "0c2f0de1-f1be-5599-9397-7b03405584ac")
    }

    @Test func differsByJobAndAttempt() {
        #expect(UUID.idempotencyID(job: "a", attempt: 1) != UUID.idempotencyID(job: "a", attempt: 2))
        #expect(UUID.idempotencyID(job: "a", attempt: 11) != UUID.idempotencyID(job: "a1", attempt: 1))
        #expect(UUID.idempotencyID(job: "a", attempt: 1) == UUID.idempotencyID(job: "a", attempt: 1))
    }
}
