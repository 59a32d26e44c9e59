import ExportCore
import Foundation
import Synchronization
import Testing
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("Several workers' consoles")
struct FleetTests: FleetSuite {
    @Test func listContainsTheJobsOfEveryWorker() async throws {
        try await withTwo { port, _, _ in
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1", "b1", "b2", "c1", "c2", "d1"])
            #expect(page["isPartial"] as? Bool == false)
            #expect(page["next"] == nil)
            let workers = (page["jobs"] as? [[String: Any]])?.compactMap { $0["worker"] as? String }
            #expect(workers == ["worker-a", "worker-b", "worker-b", "worker-a", "worker-a", "worker-b"])
        }
    }

    @Test func pagesOfSeveralWorkersContinueWhereTheLastOneEnded() async throws {
        try await withTwo { port, _, _ in
            for limit in 1...6 {
                var (found, cursor): ([String], String?) = ([], "")
                while let place = cursor {
                    let page = try await Self.get("/api/jobs?limit=\(limit)&cursor=\(place)", port)
                    #expect(Self.ids(page).count <= limit)
                    found += Self.ids(page)
                    cursor = page["next"] as? String
                }
                #expect(found == ["a1", "b1", "b2", "c1", "c2", "d1"], "\(limit)")
            }
        }
    }

    @Test func questionToAnotherWorkerIsNotPassedOn() async throws {
        let directory = FakeDirectory()
        directory.set { $0.group = Self.members(("worker-a", [0], true), ("worker-b", [1, 2, 3], false)) }
        try await withConsole(Self.source([0: ["a1"]]), directory: directory) { port in
            let page = try await Self.get("/api/jobs?scope=worker", port)
            #expect(Self.ids(page) == ["a1"])
            #expect(page["isPartial"] as? Bool == false)
            #expect(try await RawClient.send("/api/jobs/x?scope=worker", port: port).status == 404)
            _ = try await Self.get("/api/fleet?scope=worker", port)
            #expect(directory.state.withLock { $0.asked } == [])
            // Another worker asks for partitions that were this worker's.
            let part = try await Self.get("/api/jobs?scope=worker&through=2", port)
            #expect((part["missing"] as? [[String: Any]])?.first?["partitions"] as? [Int] == [1, 2])
        }
    }

    @Test func partitionsOfAnUnreachableWorkerAreMissing() async throws {
        try await withTwo { port, directory, _ in
            directory.set { $0.answers = [:] }
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1", "c1", "c2"])
            #expect(page["isPartial"] as? Bool == true)
            let missing = try #require((page["missing"] as? [[String: Any]])?.first)
            #expect(missing["partitions"] as? [Int] == [1, 3])
            #expect((missing["message"] as? String)?.contains("worker-b") == true)
            #expect(missing["remedy"] as? String == "situation workerUnreachable")
            // It is asked once, not for each of its partitions.
            #expect(directory.state.withLock { $0.asked.count } == 1)
        }
    }

    @Test func jobOfAnotherWorkerIsFound() async throws {
        try await withTwo { port, directory, other in
            other.set { $0.record = (3, Sample.record()) }
            let found = try await Self.get("/api/jobs/job-1", port)
            #expect(found["worker"] as? String == "worker-b")
            #expect((found["wait"] as? [String: Any])?["reason"] as? String == "nextPoll")
            #expect(try await RawClient.send("/api/jobs/unknown", port: port).status == 404)
            directory.set { $0.answers = [:] }
            let silent = try await RawClient.send("/api/jobs/job-1", port: port)
            #expect(silent.status == 503)
            #expect(silent.body.contains("worker-b"))
        }
    }

    @Test(arguments: [
        (200, #"{"group":"another group","jobs":[],"missing":[]}"#), (200, "<html>"),
        (200, #"{"group":"payout-export-workers"}"#), (302, ""), (404, "<html>"), (404, #"{"error":"e","remedy":"r"}"#),
        (404, #"{"error":"e","remedy":"r","group":"another group","worker":"worker-b"}"#),
        (401, #"{"error":"e","remedy":"r"}"#), (403, #"{"error":"e","remedy":"r"}"#),
        (421, #"{"error":"e","remedy":"r"}"#), (421, "<html>"),
    ])
    func answerOfAnotherProgramIsNoAnswer(status: Int, body: String) async throws {
        try await withTwo { port, directory, _ in
            directory.set { state in
                state.answers["worker-b"] = { _ in .response(status: status, body: Array(body.utf8)) }
            }
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1", "c1", "c2"])
            #expect(page["isPartial"] as? Bool == true)
            let missing = (page["missing"] as? [[String: Any]])?.first
            #expect((missing?["message"] as? String)?.contains("worker-b") == true)
            // A console that refuses a question knows what to do.
            let isRefusal = status != 200 && body.contains(#""remedy":"r""#)
            #expect(missing?["remedy"] as? String == (isRefusal ? "r" : "situation consoleMisaddressed"))
            // The worker may have the job.
            let job = try await RawClient.send("/api/jobs/b1", port: port)
            #expect(job.status == 503)
            #expect(job.body.contains("worker-b"))
        }
    }

    @Test func fleetAddsTheWorkersUp() async throws {
        try await withTwo { port, _, _ in
            let fleet = try await Self.get("/api/fleet", port)
            #expect(fleet["isPartial"] as? Bool == false)
            #expect(
                (fleet["members"] as? [[String: Any]])?.compactMap { $0["worker"] as? String } == [
                    "worker-a", "worker-b",
                ]
            )
            // Each partition of the sample has 37 open jobs.
            #expect((fleet["totals"] as? [String: Any])?["openJobs"] as? Int == 4 * 37)
            let accounts = fleet["accounts"] as? [[String: Any]]
            #expect(accounts?.first?["requestsPerSecond"] as? Double == 40)
        }
    }

    @Test func fleetWithoutAnAnswerIsMarkedAsPartial() async throws {
        try await withTwo { port, directory, _ in
            directory.set { $0.answers = [:] }
            let fleet = try await Self.get("/api/fleet", port)
            #expect(fleet["isPartial"] as? Bool == true)
            #expect(fleet["status"] as? String != "ready")
            let silent = (fleet["members"] as? [[String: Any]])?.first { $0["isAnswering"] as? Bool == false }
            #expect(silent?["worker"] as? String == "worker-b")
            #expect(silent?["partitions"] as? [Int] == [1, 3])
            #expect((fleet["totals"] as? [String: Any])?["openJobs"] as? Int == 2 * 37)
            let attention = fleet["attention"] as? [[String: Any]]
            #expect(attention?.contains { ($0["message"] as? String)?.contains("worker-b") == true } == true)
        }
    }

    @Test func fleetOfABrokerWithoutDescriptionsSaysSo() async throws {
        let directory = FakeDirectory()
        directory.set { $0.group = FleetGroup(members: [], problem: "this broker does not report the members") }
        try await withConsole(Self.source([0: ["a1"]]), directory: directory) { port in
            let fleet = try await Self.get("/api/fleet", port)
            #expect(fleet["isPartial"] as? Bool == true)
            #expect((fleet["members"] as? [[String: Any]])?.count == 1)
            let page = try await Self.list(port)
            #expect(Self.ids(page) == ["a1"])
            #expect((page["missing"] as? [[String: Any]])?.first?["partitions"] as? [Int] == [1, 2, 3])
        }
    }

    @Test func partitionWithoutAnOwnerNeedsAttention() async throws {
        let directory = FakeDirectory()
        directory.set { $0.group = Self.members(("worker-a", [0, 1], true)) }
        try await withConsole(FakeSource(), directory: directory) { port in
            let fleet = try await Self.get("/api/fleet", port)
            #expect(fleet["unassigned"] as? [Int] == [2, 3])
            #expect(
                (fleet["attention"] as? [[String: Any]])?.first?["remedy"] as? String == "situation partitionNotServed"
            )
        }
    }
}
