import ExportCore
import Foundation
import Testing
import WorkerExports

@Suite struct NameBasedUUIDTests {
    /// The expected values come from another implementation of RFC 9562, with the same namespace and names.
    @Test func uuidsMatchOtherImplementation() {
        #expect(
            UUID.idempotencyID(job: "job-1", attempt: 1, accepted: nil).uuidString.lowercased()
                == "2d46573e-471d-5d44-84ee-6570776be980"
        )
        #expect(
            UUID.idempotencyID(job: "job-1", attempt: 2, accepted: nil).uuidString.lowercased()
                == "2de7ab39-c1b5-5db4-a2b8-ebada164b08a"
        )
        #expect(
            UUID.idempotencyID(job: "job-1", attempt: 1, accepted: Instant(milliseconds: 1_750_000_000_000)).uuidString
                .lowercased() == "8eaa9aee-d970-54bc-ad3c-5889bae9a6b5"
        )
        #expect(UUID.correlationID(job: "job-1").uuidString.lowercased() == "0c2f0de1-f1be-5599-9397-7b03405584ac")
    }

    @Test func idempotencyIDDiffersByJobAttemptAndAcceptance() {
        func id(_ job: String, _ attempt: Int, _ accepted: Int64?) -> UUID {
            .idempotencyID(job: job, attempt: attempt, accepted: accepted.map { Instant(milliseconds: $0) })
        }
        #expect(id("a", 1, 5) == id("a", 1, 5))
        #expect(id("a", 1, 5) != id("a", 2, 5))
        #expect(id("a", 1, 5) != id("a", 1, 6))
        #expect(id("a", 1, 5) != id("a", 1, nil))
        #expect(id("a", 11, nil) != id("a1", 1, nil))
        #expect(id("a", 1, 15) != id("a", 11, 5))
    }
}
