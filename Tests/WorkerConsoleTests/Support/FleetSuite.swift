import ExportCore
import Foundation
import Testing
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

/// Tests with the consoles of several workers.
protocol FleetSuite: SendableMetatype {}

extension FleetSuite {
    static func job(_ id: String, _ partition: Int32) -> JobView {
        FakeSource.view(
            JobRecord(job: Sample.job(id), offset: 1, phase: .waiting, times: JobTimes(accepted: Sample.start)),
            partition
        )
    }

    /// An engine with jobs in partitions, one place for each.
    static func source(_ jobs: [Int32: [String]]) -> FakeSource {
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

    static func members(_ names: (String, [Int32], Bool)...) -> FleetGroup {
        FleetGroup(
            members: names.map {
                FleetMember(name: $0, address: "127.0.0.1:1", partitions: $1, isThisWorker: $2)
            }
        )
    }

    static func get(_ path: String, _ port: Int) async throws -> [String: Any] {
        let answer = try await RawClient.send(path, port: port)
        let body = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        return try #require(body as? [String: Any], "\(answer.body)")
    }

    /// The list on one page. A page that takes long on a busy machine ends early, and is asked for again.
    static func list(_ port: Int) async throws -> [String: Any] {
        while true {
            let page = try await get("/api/jobs", port)
            if page["next"] == nil { return page }
        }
    }

    static func post(_ path: String, _ body: String = "", port: Int) async throws -> RawAnswer {
        try await RawClient.raw(
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(FakeActions.token)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)",
            port: port
        )
    }

    static func ids(_ page: [String: Any]) -> [String] {
        (page["jobs"] as? [[String: Any]] ?? []).compactMap { $0["jobId"] as? String }
    }

    /// Two consoles; the first one asks the second one for partitions 1 and 3.
    func withTwo(
        telemetry: Telemetry = Telemetry(build: BuildInfo(version: "1.2.3"), texts: CodeTexts()),
        actions: (any ConsoleActions)? = nil,
        own: FakeSource? = nil,
        _ body: (_ first: Int, FakeDirectory, _ other: FakeSource) async throws -> Void
    ) async throws {
        let directory = FakeDirectory()
        let other = Self.source([1: ["b1", "b2"], 3: ["d1"]])
        try await withConsole(other, configure: { $0.workerID = "worker-b" }) { port in
            directory.set { state in
                state.group = Self.members(("worker-a", [0, 2], true), ("worker-b", [1, 3], false))
                state.answers["worker-b"] = FakeDirectory.console(port)
            }
            let source = own ?? Self.source([0: ["a1"], 2: ["c1", "c2"]])
            try await withConsole(
                source,
                telemetry: telemetry,
                directory: directory,
                actions: actions,
                configure: { $0.adminToken = FakeActions.token }
            ) {
                try await body($0, directory, other)
            }
        }
    }
}
