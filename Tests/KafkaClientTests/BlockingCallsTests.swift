import Foundation
import Testing

@testable import KafkaClient

#if os(Linux)
    @Suite struct BlockingCallsTests {
        /// Swift's tasks run on threads with the name of Dispatch's queue, which has as many as the machine has cores. Others are
        /// overcommitted.
        @Test(arguments: [nil, Duration.seconds(60)])
        func callsThatBlockHaveThreadsOfTheirOwn(bound: Duration?) async throws {
            let calls = BlockingCalls(label: "tests")
            let name = try await calls.run("read", within: bound) { () throws(KafkaError) in
                (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? ""
            }
            #expect(name.contains("overcommit"), "\(name)")
            calls.close()
        }
    }
#endif
