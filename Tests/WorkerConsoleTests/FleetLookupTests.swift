import ExportCore
import Foundation
import Synchronization
import Testing
import TestSupport
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("Questions to other workers' consoles")
struct FleetLookupTests: FleetSuite {
    private static let three = members(("worker-a", [0, 2], true), ("worker-b", [1], false), ("worker-c", [3], false))

    @Test func cancelledQuestionSaysNothingAboutItsMember() async throws {
        try await withTwo { port, directory, other in
            other.set { $0.record = (1, Sample.record()) }
            directory.set { state in
                state.group = Self.three
                // Answers when its question is cancelled, because another worker has the job.
                state.answers["worker-c"] = { _ in
                    try? await Task.sleep(for: .seconds(3_600))
                    return .unreachable(reason: "cancelled")
                }
            }
            let found = try await Self.get("/api/jobs/job-1", port)
            #expect(found["worker"] as? String == "worker-b")
            directory.set { $0.answers["worker-c"] = nil }
            _ = try await RawClient.send("/api/jobs/another", port: port)
            let asked = directory.state.withLock { $0.asked }
            #expect(asked.contains("worker-c /api/jobs/another?scope=worker"))
        }
    }

    @Test func membersWhoseAddressesLeadToOneWorkerAreNamed() async throws {
        try await withTwo { port, directory, _ in
            directory.set { state in
                state.group = Self.three
                state.answers["worker-c"] = state.answers["worker-b"]
            }
            let fleet = try await Self.get("/api/fleet", port)
            #expect(fleet["isPartial"] as? Bool == true)
            let attention = (fleet["attention"] as? [[String: Any]])?.first {
                $0["remedy"] as? String == "situation consoleMisaddressed"
            }
            let message = try #require(attention?["message"] as? String)
            #expect(message.contains("worker-b") && message.contains("worker-c"))
            #expect((fleet["totals"] as? [String: Any])?["openJobs"] as? Int == 4 * 37, "counted once")
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1", "b1", "b2", "c1", "c2"])
            #expect((page["missing"] as? [[String: Any]])?.map { $0["partitions"] as? [Int] } == [[3]])
            let unknown = try await RawClient.send("/api/jobs/unknown", port: port)
            #expect(unknown.status == 503)
            #expect(unknown.body.contains("worker-c"))
        }
    }

    @Test func addressThatLeadsBackToTheAskingWorkerIsNamed() async throws {
        try await withTwo { port, directory, _ in
            directory.set { $0.answers["worker-b"] = FakeDirectory.console(port) }
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1", "c1", "c2"])
            #expect((page["missing"] as? [[String: Any]])?.map { $0["partitions"] as? [Int] } == [[1, 3]])
            #expect(try await RawClient.send("/api/jobs/unknown", port: port).status == 503)
        }
    }

    @Test func jobIsShownInsteadOfARejectedRecordOfItsID() async throws {
        let telemetry = Telemetry(build: BuildInfo(version: "1.2.3"), texts: CodeTexts())
        for id in ["job-1", "refused"] {
            var event = Sample.event(.rejected, .invalidJob, message: "kind is missing")
            event.jobID = id
            for observer in telemetry.observers { observer.report(.ended(partition: 0, event: event)) }
        }
        try await withTwo(telemetry: telemetry) { port, _, other in
            other.set { $0.record = (3, Sample.record()) }
            let found = try await Self.get("/api/jobs/job-1", port)
            #expect(found["worker"] as? String == "worker-b")
            #expect(found["phase"] as? String == "ready")
            let refused = try await Self.get("/api/jobs/refused", port)
            #expect(refused["status"] as? String == "rejected")
        }
    }

    /// - Parameter limit: how many clients are answered at the same time.
    @Test(arguments: [("/api/jobs/unknown", 32), ("/api/jobs", 16)])
    func clientsDoNotKeepWorkersAndOperatorsFromAnAnswer(path: String, limit: Int) async throws {
        let own = Self.source([0: [], 2: []])
        own.set { $0.record = (2, Sample.record()) }
        try await withTwo(actions: FakeActions(), own: own) { port, directory, _ in
            // Clients wait for a member that answers at the end.
            let isOpen = Box(false)
            directory.set { state in
                state.answers["worker-b"] = { _ in
                    while !isOpen.value, await slept(for: .milliseconds(10)) {}
                    return .unreachable(reason: "connection refused")
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { clients in
                for number in 1...limit {
                    clients.addTask { _ = try await RawClient.send(path, port: port) }
                    try await eventually { directory.state.withLock { $0.asked.count } == number }
                }
                #expect(try await RawClient.send(path, port: port).status == 503)
                let asked = try await RawClient.send(path + "?scope=worker", port: port)
                #expect(asked.status != 503)
                let acted = try await Self.post("/api/jobs/job-1/cancel", port: port)
                #expect(acted.status == 202, "\(acted.body)")
                isOpen.value = true
                try await clients.waitForAll()
            }
        }
    }

    @Test func answerWithoutTheNumberOfPartitionsIsPartial() async throws {
        var status = WorkerStatus.sample(partitions: [])
        status.partitionCount = 0
        let directory = FakeDirectory()
        directory.set { $0.group = Self.members(("worker-a", [], true)) }
        try await withConsole(FakeSource(status), directory: directory) { port in
            for path in ["/api/jobs", "/api/jobs?scope=worker", "/api/jobs?scope=worker&through=2", "/api/fleet"] {
                let answer = try await Self.get(path, port)
                #expect(answer["isPartial"] as? Bool == true, "\(path)")
            }
        }
    }

    @Test func partitionsThatTheAskedWorkerDoesNotKnowYetAreMissing() async throws {
        try await withConsole(Self.source([0: ["a1"]])) { port in
            let page = try await Self.get("/api/jobs?scope=worker&through=5", port)
            let missing = (page["missing"] as? [[String: Any]] ?? []).flatMap { $0["partitions"] as? [Int] ?? [] }
            #expect(missing.sorted() == [1, 2, 3, 4, 5])
            let far = try await Self.get("/api/jobs?scope=worker&through=2147483647", port)
            #expect(far["isPartial"] as? Bool == true)
        }
    }
}
