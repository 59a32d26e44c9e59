import EmbeddedKafka
import Foundation
import PayoutSandbox
import Testing
import TestSupport
import WorkerKafka

@testable import payout_worker

extension WorkersEndToEnd {
    /// Starts that fail half-way, and the order in which the parts of a worker's process end.
    @Suite struct ShutdownTests {
        private static let debug = ["LOG_LEVEL": "debug"]

        /// The parts that were shut down gracefully, in order; what ended before is not among them.
        private func shutDown(_ errors: String) -> [String] {
            errors.matches(of: /Triggering graceful shutdown for service.* sl-service=(\w+)/).map { String($0.1) }
        }

        /// A complete configuration, and no broker.
        private func environment(_ more: [String: String]) -> [String: String] {
            WorkerConfigurationTests.complete.merging([
                "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "HTTP_PORT": "0",
            ]) { $1 }.merging(more) { $1 }
        }

        @Test func stoppedWorkerEndsItsEngineFirst() async throws {
            try await WorkerFixture.with { fixture in
                let worker = try await RunningWorker(fixture.environment.merging(Self.debug) { $1 })
                try await worker.becomesReady()
                worker.command.signal(SIGTERM)
                let ended = try await worker.command.end()
                #expect(ended.status == 0, "\(ended.errors.suffix(4_000))")
                #expect(shutDown(ended.errors) == ["watches", "console", "connections", "signals"])
                #expect(ended.errors.contains("Worker stopped"))
            }
        }

        @Test func takenConsolePortFailsTheStartBeforeKafkaIsAskedAndEndsEveryPart() async throws {
            let taken = try LoopbackSocket(isListening: true)
            defer { taken.close() }
            let environment = environment(["HTTP_PORT": "\(taken.port)"].merging(Self.debug) { $1 })
            let ended = try await Command(["run"], environment: environment).end()
            #expect(ended.status == 78, "\(ended.errors)")
            #expect(ended.errors.contains("127.0.0.1:\(taken.port)") && ended.errors.contains("HTTP_PORT"))
            #expect(!ended.errors.contains("Kafka cannot be used") && !ended.errors.contains("Worker stopped"))
            // The engine may end before its shutdown is triggered, because it waits for the console itself.
            #expect(shutDown(ended.errors).filter { $0 != "engine" } == ["watches", "connections", "signals"])
        }

        @Test func unsuitableTopicsFailTheStartAndEndEveryPart() async throws {
            try await WorkerFixture.with { fixture in
                let environment = fixture.environment.merging(Self.debug) { $1 }
                try fixture.broker.hide(topic: fixture.topics.state)
                let ended = try await Command(["run"], environment: environment).end()
                #expect(ended.status == 1)
                #expect(ended.errors.contains("are not suitable for a worker"), "\(ended.errors)")
                #expect(shutDown(ended.errors) == ["watches", "console", "connections", "signals"])
                #expect(!ended.errors.contains("Worker stopped"))
            }
        }

        @Test func missingStoreIsReportedWhileKafkaIsUnreachableAndAStopEndsTheWorker() async throws {
            let worker = try await RunningWorker(environment(["FILES_LOCATION": "file:///dev/null/files"]))
            try await worker.command.wait(for: "the store's problem") {
                worker.count("File store is unavailable") > 0
            }
            try await worker.stop()
        }

        @Test func hangUpWhileKafkaIsUnreachableReadsTheConfigurationAgain() async throws {
            let worker = try await RunningWorker(environment([:]))
            try await worker.command.wait(for: "the configuration") {
                worker.command.signal(SIGHUP)
                return worker.count("Configuration read again") > 0
            }
            try await worker.stop()
        }

        @Test func secondSignalEndsTheWorkerAtOnce() async throws {
            try await WorkerFixture.with { fixture in
                // A call in flight, for which a graceful stop waits longer than this test.
                fixture.sandbox.add(PayoutSandbox.Fault(.slow(.seconds(3_600)), on: [.create]))
                try await fixture.enqueue("slow")
                let worker = try await RunningWorker(
                    fixture.environment.merging(["WORKER_SHUTDOWN_TIMEOUT": "1h"]) { $1 }
                )
                try await eventually("a call is in flight") {
                    try await worker.console.metrics().contains(/payout_export_calls_in_flight(?:\{.*\})? [1-9]/)
                }
                // The first echoes of the first signal are ignored.
                try await worker.command.wait(for: "the second signal") {
                    worker.command.signal(SIGTERM)
                    return worker.count("Second signal") > 0
                }
                #expect(try await worker.command.end().status == 1)
                #expect(worker.count("Stopping, releasing jobs") == 1)
            }
        }
    }
}
