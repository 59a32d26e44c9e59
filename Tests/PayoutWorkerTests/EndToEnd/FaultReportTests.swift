import Foundation
import EmbeddedKafka
import KafkaClient
import PayoutSandbox
import Testing
import TestSupport
import WorkerKafka

@testable import payout_worker

extension FaultsEndToEnd {
    /// The reports of faults: the reason at `/readyz`, on the dashboard, as a metric and in the log, each with a remedy.
    @Suite struct FaultReportTests {
        @Test func everyFaultIsReportedEverywhereWithARemedy() async throws {
            try await WorkerFixture.with(partitions: 2) { fixture in
                // A token is valid for an hour after the sign-in, so the faults of the sign-in come first.
                fixture.sandbox.add(PayoutSandbox.Fault(.signInError(.multiFactorRequired)))
                try await fixture.write(
                    partition: 1,
                    of: fixture.topics.state,
                    key: "invalid",
                    values: ["no state record"]
                )
                let password = try TemporaryFile("wrong")
                var environment = fixture.environment
                environment["PAYOUT_API_AUTHENTICATION"] = "password"
                environment["PAYOUT_API_PASSWORD"] = nil
                environment["PAYOUT_API_PASSWORD_FILE"] = password.path
                // The most verbose log, to check that it contains no secret.
                environment["LOG_LEVEL"] = "trace"
                let file = try TemporaryFile("worker.shutdown.timeout: 20s\n")
                let worker = try Command(["run", "--config", file.path], environment: environment)
                let scenario = FaultScenario(fixture: fixture, worker: worker, console: try await Console(of: worker))
                try await scenario.partition()
                try await scenario.credentials(password.path)
                try await scenario.service()
                try await scenario.store()
                // A job becomes late only after some time, so other faults come in between.
                try await scenario.stall("stalled", seconds: 60)
                try await scenario.configuration(file.path)
                try await scenario.broker()
                try await scenario.lateJob()
                try await scenario.refusals()
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                #expect(!ended.errors.contains("sandbox-password") && !ended.errors.contains("sig="))
            }
        }
    }
}

/// A worker with its environment, and faults that are injected one after the other.
private struct FaultScenario {
    let fixture: WorkerFixture
    let worker: Command
    let console: Console

    /// Waits until the fault is reported, and checks that it is reported everywhere.
    func waitUntilReported(_ code: String, _ text: String, log: String) async throws {
        var found: Console.Reason?
        try await eventually("\(code) is reported") {
            found = try await console.reason(code)
            return found?.message.contains(text) ?? false
        }
        let reason = try #require(found)
        #expect(reason.remedy.count > 20, "\(code): \(reason.remedy)")
        #expect(try await console.reasons("api/status").contains { $0.code == code }, "the dashboard shows \(code)")
        #expect(try await console.metrics().contains("payout_export_health_reason{code=\"\(code)\"} 1\n"), "\(code)")
        let line = /code=(\w+) reason=.* remedy=.{20}/
        try await worker.wait(for: "the log line of \(code)") {
            worker.errors.matches(of: line).contains { $0.1 == code } && worker.errors.contains(log)
        }
    }

    func waitUntilResolved(_ code: String) async throws {
        try await eventually("\(code) is resolved") { try await console.reason(code) == nil }
    }

    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        try await TestSupport.eventually("\(what); the log: \(worker.errors.suffix(4_000))", condition)
    }

    private func enqueue(_ prefix: String, _ count: Int, _ more: String = "") async throws {
        for number in 0..<count {
            let id = "\(prefix)-\(number)"
            let job = #"{"jobId":"\#(id)","kind":"payments"\#(more)}"#
            try await fixture.write(partition: 0, of: fixture.topics.jobs, key: id, values: [job])
        }
    }

    // MARK: The faults

    func partition() async throws {
        try await waitUntilReported("partitionStopped", "state record at offset 0", log: "Partition stopped")
        let partitions = try #require(try await console.object("readyz")["partitions"] as? [[String: Any]])
        let stopped = try #require(partitions.first { $0["partition"] as? Int == 1 })
        #expect(stopped["lifecycle"] as? String == "stopped")
        #expect((stopped["waitsFor"] as? String)?.hasPrefix("An operator: ") == true)
    }

    func credentials(_ password: String) async throws {
        try await enqueue("first", 2)
        try await waitUntilReported("allAccountsPaused", "multi-factor", log: "Account paused")
        fixture.sandbox.faults = []
        // A changed mounted secret is noticed and tried at once.
        try Data("also wrong".utf8).write(to: URL(fileURLWithPath: password))
        try await waitUntilReported(
            "allAccountsPaused",
            "wrong user name or password",
            log: "A secret's file has changed"
        )
        #expect(try await console.metrics().contains("payout_export_account_paused{account=\"default\"} 1\n"))
        fixture.sandbox.faults = [PayoutSandbox.Fault(.signInError(.accountLocked))]
        try Data("sandbox-password\n".utf8).write(to: URL(fileURLWithPath: password))
        try await waitUntilReported("allAccountsPaused", "the account is locked", log: "A secret's file has changed")
        // The account is unlocked. The worker does not try a locked account automatically, because that prolongs the lock.
        fixture.sandbox.faults = []
        worker.signal(SIGHUP)
        try await waitUntilResolved("allAccountsPaused")
        try await worker.wait(for: "the account") { worker.errors.contains("Account resumed") }
    }

    func configuration(_ file: String) async throws {
        try Data("worker.shutdown.timout: 20s\n".utf8).write(to: URL(fileURLWithPath: file))
        worker.signal(SIGHUP)
        try await waitUntilReported("configurationNotReloaded", "WORKER_SHUTDOWN_TIMOUT", log: "cannot be read again")
        try Data("worker.shutdown.timeout: 20s\n".utf8).write(to: URL(fileURLWithPath: file))
        worker.signal(SIGHUP)
        try await waitUntilResolved("configurationNotReloaded")
    }

    func service() async throws {
        fixture.sandbox.faults = [PayoutSandbox.Fault(.status(503))]
        try await enqueue("unreachable", 4)
        try await waitUntilReported("serviceUnreachable", "503", log: "Call failed, retrying")
        fixture.sandbox.faults = [PayoutSandbox.Fault(.status(429, retryAfter: .seconds(3)))]
        try await waitUntilReported("throttled", "throttles calls", log: "Calls throttled by the service")
        try await waitUntilResolved("serviceUnreachable")
        fixture.sandbox.faults = []
        try await waitUntilResolved("throttled")
    }

    func store() async throws {
        // A file in place of the directory has the same effect as a disk that refuses writes.
        try FileManager.default.removeItem(atPath: fixture.files.path)
        try Data().write(to: URL(fileURLWithPath: fixture.files.path))
        try await enqueue("full", 2)
        try await waitUntilReported("downloadsFailing", fixture.files.path, log: "Call failed, retrying")
        try FileManager.default.removeItem(atPath: fixture.files.path)
        try FileManager.default.createDirectory(atPath: fixture.files.path, withIntermediateDirectories: true)
        try await waitUntilResolved("downloadsFailing")
    }

    /// A job whose export does not end before its deadline.
    func stall(_ prefix: String, seconds: Double) async throws {
        fixture.sandbox.faults = [PayoutSandbox.Fault(.statusText("Processing"), on: [.get])]
        let deadline = Date().addingTimeInterval(seconds).ISO8601Format()
        try await enqueue(prefix, 1, #","deadline":"\#(deadline)""#)
    }

    func lateJob() async throws {
        // A job is late for the last fifth of its time only, which a slow machine may miss: then another one has more time.
        var (prefix, seconds) = ("stalled", 60.0)
        while try await !isLate("\(prefix)-0") {
            seconds *= 4
            prefix += "-again"
            try await stall(prefix, seconds: seconds)
        }
        try await waitUntilReported("jobsLate", "\(prefix)-0", log: "Health: degraded")
        try await worker.wait(for: "its end") { worker.errors.contains("error.type=deadlineExceeded") }
        fixture.sandbox.faults = []
        try await waitUntilResolved("jobsLate")
    }

    /// Waits until a job is reported as late or has ended.
    private func isLate(_ id: String) async throws -> Bool {
        var isLate = false
        try await eventually("\(id) is late or has ended") {
            isLate = try await console.reason("jobsLate")?.message.contains(id) ?? false
            return isLate || hasMissedItsDeadline(id)
        }
        return isLate
    }

    private func hasMissedItsDeadline(_ id: String) -> Bool {
        worker.errors.split(separator: "\n").contains {
            $0.contains("job.id=\(id) ") && $0.contains("error.type=deadlineExceeded")
        }
    }

    func refusals() async throws {
        try await fixture.write(
            partition: 0,
            of: fixture.topics.jobs,
            key: "bad",
            values: [String](repeating: #"{"jobId":"bad","kind":"x"}"#, count: 1_100)
        )
        try await waitUntilReported("intakePaused", "refused", log: "Intake paused")
        #expect(try await console.metrics().contains("payout_export_intake_pauses_total{reason=\"failures\"} 1\n"))
        // Logged with the commit, which may follow the pause. A thousand equal lines are not all written.
        try await worker.wait(for: "a refusal in the log") { worker.errors.contains("Record is not a valid job") }
        let lines = worker.errors.split(separator: "\n").count { $0.contains("Record is not a valid job") }
        #expect((1...100).contains(lines), "\(lines)")
    }

    func broker() async throws {
        try fixture.broker.takeDown()
        try await waitUntilReported(
            "kafkaUnreachable",
            "Kafka cannot be reached",
            log: "Kafka cannot be used, retrying"
        )
        #expect(try await console.metrics().contains("payout_export_kafka_connected 0\n"))
        try fixture.broker.bringUp()
        try await waitUntilResolved("kafkaUnreachable")
    }
}

extension WorkerFixture {
    /// Writes values to one partition, all under the same key.
    func write(partition: Int32, of topic: String, key: String, values: [String]) async throws {
        try await access.withProducer { producer in
            try await producer.run { producer throws(KafkaError) in
                for value in values {
                    try producer.produce(
                        KafkaProducerRecord(
                            topic: topic,
                            partition: partition,
                            key: Array(key.utf8),
                            value: Array(value.utf8)
                        )
                    )
                }
            }
            let failures = try await producer.flush()
            #expect(failures.isEmpty)
        }
    }
}
