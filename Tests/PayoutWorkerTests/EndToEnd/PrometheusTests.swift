import ChildProcesses
import Foundation
import Testing

@testable import payout_worker

/// Programs that not every machine has: in the PATH, or in the folder of `.ci/run`.
enum Tools {
    static func path(_ name: String) -> String? {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + [root.appending(path: ".build/tools").path]).map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}

extension CommandsEndToEnd {
    @Suite struct PrometheusTests {
        @Test(
            .enabled(
                if: Tools.path("prometheus") != nil,
                "prometheus is not installed (Debian: apt-get install prometheus, or .ci/get-tools .build/tools python3)"
            )
        )
        func prometheusScrapesAWorker() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try Command(["run"], environment: fixture.environment)
                let console = try await Console(of: worker)
                let files = try TemporaryFile(directory: ())
                let host = try #require(console.base.host), port = try #require(console.base.port)
                let configuration = """
                    global: {scrape_interval: 1s}
                    scrape_configs:
                      - job_name: payout-export-worker
                        static_configs: [{targets: ["\(host):\(port)"]}]
                    """
                try Data(configuration.utf8).write(to: URL(filePath: files.path + "/prometheus.yml"))
                let listen = try freePort()
                let arguments = [
                    "--config.file=\(files.path)/prometheus.yml", "--storage.tsdb.path=\(files.path)/data",
                    "--web.listen-address=127.0.0.1:\(listen)",
                ]
                let prometheus = try ChildProcess(Tools.path("prometheus") ?? "", arguments)
                defer { prometheus.signal(SIGTERM) }
                let scraper = Console(base: try #require(URL(string: "http://127.0.0.1:\(listen)/")))
                try await Self.check(worker, scraper)
                worker.signal(SIGTERM)
                _ = try await worker.end()
            }
        }

        /// Prometheus stores the values of the worker and reports no error.
        private static func check(_ worker: Command, _ scraper: Console) async throws {
            let limit = ContinuousClock.now + Command.limit
            for query in ["payout_export_ready == 1", #"payout_export_partition_lag{partition="0"} >= 0"#] {
                while try await value(of: query, scraper) == nil {
                    try #require(ContinuousClock.now < limit, "\(query): \(worker.errors)")
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            let targets = try await scraper.object("api/v1/targets")["data"] as? [String: Any]
            let target = try #require((targets?["activeTargets"] as? [[String: Any]])?.first)
            #expect(target["health"] as? String == "up")
            #expect(target["lastError"] as? String == "")
            #expect(try await value(of: "count(payout_export_partitions)", scraper) == "4")
            #expect(try await value(of: "process_resident_memory_bytes > 1e6", scraper) != nil)
        }

        private static func value(of query: String, _ scraper: Console) async throws -> String? {
            let text = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            guard let answer = try? await scraper.object(query: "api/v1/query?query=\(text)"),
                let data = answer["data"] as? [String: Any],
                let first = (data["result"] as? [[String: Any]])?.first
            else { return nil }
            return (first["value"] as? [Any])?.last as? String
        }
    }
}
