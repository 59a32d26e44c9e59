import ExportCore
import Synchronization
import Testing
import WorkerSamples

@testable import WorkerConsole

@Suite("Actions on jobs of the fleet")
struct FleetActionTests: FleetSuite {
    private static func finished(_ partition: Int32) -> (partition: Int32, record: JobRecord) {
        var record = Sample.record()
        (record.phase, record.status) = (.finished, .completed)
        return (partition, record)
    }

    @Test func finishedJobIsNotCancelled() async throws {
        let (own, actions) = (Self.source([0: [], 2: []]), FakeActions())
        own.set { $0.record = Self.finished(2) }
        try await withTwo(actions: actions, own: own) { port, directory, _ in
            let refused = try await Self.post("/api/jobs/job-1/cancel", port: port)
            #expect(refused.status == 409)
            #expect(refused.body.contains("has finished as completed"), "\(refused.body)")
            directory.set { $0.answers["worker-b"] = nil }
            #expect(try await Self.post("/api/jobs/job-1/cancel", port: port).status == 503, "it may be open there")
        }
        #expect(actions.done.withLock { $0 }.isEmpty)
    }

    @Test func openJobIsCancelledWhereAFinishedOneHasItsID() async throws {
        let (own, actions) = (Self.source([0: [], 2: []]), FakeActions())
        own.set { $0.record = Self.finished(2) }
        try await withTwo(actions: actions, own: own) { port, _, other in
            other.set { $0.record = (3, Sample.record()) }
            let cancelled = try await Self.post("/api/jobs/job-1/cancel", port: port)
            #expect(cancelled.status == 202, "\(cancelled.body)")
        }
        #expect(actions.done.withLock { $0 } == ["cancel job-1 3"])
    }

    @Test func accountThatNoWorkerHasIsNotPaused() async throws {
        let actions = FakeActions()
        try await withTwo(actions: actions) { port, _, _ in
            let refused = try await Self.post("/api/pause", #"{"account":"emea"}"#, port: port)
            #expect(refused.status == 409)
            #expect(refused.body.contains("emea"), "\(refused.body)")
            #expect(try await Self.post("/api/pause", #"{"account":"default"}"#, port: port).status == 202)
            #expect(try await Self.post("/api/resume", #"{"account":"emea"}"#, port: port).status == 202)
        }
        #expect(actions.done.withLock { $0 } == ["pause default - false -", "resume emea -"])
    }

    @Test func jobIsNotUnknownWhileWorkersAreUnknown() async throws {
        try await withTwo(actions: FakeActions()) { port, directory, _ in
            directory.set { $0.group = FleetGroup(members: [], problem: "Kafka is unreachable") }
            let answer = try await RawClient.send("/api/jobs/unknown", port: port)
            #expect(answer.status == 503)
            #expect(answer.body.contains("Kafka is unreachable"), "\(answer.body)")
            #expect(try await Self.post("/api/jobs/unknown/cancel", port: port).status == 503)
            directory.set { $0.group = Self.members(("worker-a", [0, 2], true)) }
            #expect(try await RawClient.send("/api/jobs/unknown", port: port).status == 503)
        }
    }
}
