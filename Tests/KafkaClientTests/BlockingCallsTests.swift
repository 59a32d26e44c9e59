import Foundation
import Testing

@testable import KafkaClient

#if os(Linux)
    @Suite struct BlockingCallsTests {
        /// The names of Dispatch's threads differ: Swift's tasks run on those without "overcommit".
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
