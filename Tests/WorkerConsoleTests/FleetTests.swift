import ExportCore
import Foundation
import Synchronization
import Testing
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

@Suite("Several workers' consoles")
struct FleetTests {
    private static func job(_ id: String, _ partition: Int32) -> JobView {
        FakeSource.view(
            JobRecord(job: Sample.job(id), offset: 1, phase: .waiting, times: JobTimes(accepted: Sample.start)),
            partition
        )
    }

    /// An engine with jobs in partitions, one place for each.
    private static func source(_ jobs: [Int32: [String]]) -> FakeSource {
        let status = WorkerStatus.sample(partitions: jobs.keys.sorted().map { .sample($0) })
        let source = FakeSource(status)
        source.set { state in
            state.jobs = { question in
                let all = jobs.sorted { $0.key < $1.key }.flatMap { partition, ids in
                    ids.enumerated().map { (place: JobPlace(partition: partition, entry: UInt32($0)), id: $1) }
                }
                let rest = all.filter { $0.place >= question.from && $0.place.partition <= question.through }
                let found = rest.prefix(question.limit)
                return JobPage(
                    jobs: found.map { job($0.id, $0.place.partition) },
                    next: found.count < rest.count ? rest[found.count].place : nil
                )
            }
        }
        return source
    }

    private static func members(_ names: (String, [Int32], Bool)...) -> FleetGroup {
        FleetGroup(
            members: names.map {
                FleetMember(name: $0, address: "127.0.0.1:1", partitions: $1, isThisWorker: $2)
            }
        )
    }

    private static func get(_ path: String, _ port: Int) async throws -> [String: Any] {
        let answer = try await RawClient.send(path, port: port)
        let body = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        return try #require(body as? [String: Any], "\(answer.body)")
    }

    private static func ids(_ page: [String: Any]) -> [String] {
        (page["jobs"] as? [[String: Any]] ?? []).compactMap { $0["jobId"] as? String }
    }

    /// Two consoles; the first one asks the second one for partitions 1 and 3.
    private func withTwo(_ body: (_ first: Int, FakeDirectory, _ other: FakeSource) async throws -> Void) async throws {
        let directory = FakeDirectory()
        let other = Self.source([1: ["b1", "b2"], 3: ["d1"]])
        try await withConsole(other, configure: { $0.workerID = "worker-b" }) { port in
            directory.set { state in
                state.group = Self.members(("worker-a", [0, 2], true), ("worker-b", [1, 3], false))
                state.answers["worker-b"] = FakeDirectory.console(port)
            }
            let source = Self.source([0: ["a1"], 2: ["c1", "c2"]])
            try await withConsole(source, directory: directory) { try await body($0, directory, other) }
        }
    }

    @Test func listContainsTheJobsOfEveryWorker() async throws {
        try await withTwo { port, _, _ in
            let page = try await Self.get("/api/jobs", port)
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
            let page = try await Self.get("/api/jobs", port)
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
        (421, #"{"error":"e","remedy":"r"}"#),
        (302, ""),
    ])
    func answerOfAnotherProgramIsNoAnswer(status: Int, body: String) async throws {
        try await withTwo { port, directory, _ in
            directory.set { state in
                state.answers["worker-b"] = { _ in .response(status: status, body: Array(body.utf8)) }
            }
            let page = try await Self.get("/api/jobs", port)
            #expect(Self.ids(page) == ["a1", "c1", "c2"])
            #expect(page["isPartial"] as? Bool == true)
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
            let page = try await Self.get("/api/jobs", port)
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
