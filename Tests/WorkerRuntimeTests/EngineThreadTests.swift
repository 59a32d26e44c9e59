#if os(Linux)
    import Foundation
    import TestSupport
    import Testing

    @Suite struct EngineThreadTests {
        /// Benchmarks and profiles find the engine's part of the processor time by this name.
        @Test func systemShowsTheNameOfTheEnginesThread() async throws {
            let tests = WorkerLoopTests()
            _ = try await tests.running(tests.makeLoop(MemoryLog(), .instant)) {
                try await eventually("the thread") {
                    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
                    return threads.contains {
                        (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8))
                            == "payout-engine\n"
                    }
                }
            }
        }
    }
#endif
