import Foundation
import EmbeddedKafka
import KafkaClient
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension EndToEnd {
    /// What an operator sees when something is wrong: the reason at `/readyz`, on the dashboard, as a metric and in
    /// the log, with a remedy in words.
    @Suite struct StagedFaultTests {
        @Test func everyFaultShowsEverywhereWithARemedy() async throws {
            try await Stage.with(partitions: 2) { stage in
                // Whoever signs in once keeps the token for an hour: what is wrong with signing in comes first.
                stage.sandbox.add(PayoutSandbox.Fault(.signInError(.multiFactorRequired)))
                try await stage.write(partition: 1, of: stage.topics.state, key: "odd", values: ["no state record"])
                let password = try TemporaryFile("wrong")
                var environment = stage.environment
                environment["PAYOUT_API_PASSWORD"] = nil
                environment["PAYOUT_API_PASSWORD_FILE"] = password.path
                // The loudest log, to see that no secret gets into it.
                environment["LOG_LEVEL"] = "trace"
                let file = try TemporaryFile("worker.shutdown.timeout: 20s\n")
                let worker = try Command(["run", "--config", file.path], environment: environment)
                let staged = Staged(stage: stage, worker: worker, console: try await Console(of: worker))
                try await staged.partition()
                try await staged.credentials(password.path)
                try await staged.service()
                try await staged.store()
                // It takes a while to be late; other faults meanwhile.
                try await staged.stall()
                try await staged.configuration(file.path)
                try await staged.broker()
                try await staged.lateJob()
                try await staged.refusals()
                worker.signal(SIGTERM)
                let ended = try await worker.end()
                #expect(!ended.errors.contains("sandbox-password") && !ended.errors.contains("sig="))
            }
        }
    }
}

/// A worker and everything around it, and the faults that are staged one after the other.
private struct Staged {
    let stage: Stage
    let worker: Command
    let console: Console

    /// Waits until the fault shows, and looks whether it shows everywhere.
    func shows(_ code: String, _ words: String, log: String) async throws {
        var found: Console.Reason?
        try await eventually("\(code) to show") {
            found = try await console.reason(code)
            return found?.message.contains(words) ?? false
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

    func goes(_ code: String) async throws {
        try await eventually("\(code) to go") { try await console.reason(code) == nil }
    }

    private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let limit = ContinuousClock.now + Command.limit
        while try await !condition() {
            guard ContinuousClock.now < limit else {
                Issue.record("waited in vain for \(what); the log: \(worker.errors.suffix(4_000))")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func enqueue(_ prefix: String, _ count: Int, _ more: String = "") async throws {
        for number in 0..<count {
            let id = "\(prefix)-\(number)"
            let job = #"{"jobId":"\#(id)","kind":"payments"\#(more)}"#
            try await stage.write(partition: 0, of: stage.topics.jobs, key: id, values: [job])
        }
    }

    // MARK: The faults

    func partition() async throws {
        try await shows("partitionStopped", "state record at offset 0", log: "Partition stopped")
        let partitions = try #require(try await console.object("readyz")["partitions"] as? [[String: Any]])
        let stopped = try #require(partitions.first { $0["partition"] as? Int == 1 })
        #expect(stopped["lifecycle"] as? String == "stopped")
        #expect((stopped["waitsFor"] as? String)?.contains("Somebody to act") == true)
    }

    func credentials(_ password: String) async throws {
        try await enqueue("first", 2)
        try await shows("allAccountsPaused", "multi-factor", log: "Account paused")
        stage.sandbox.faults = []
        // A mounted secret that changes is noticed, and tried at once.
        try Data("also wrong".utf8).write(to: URL(fileURLWithPath: password))
        try await shows("allAccountsPaused", "wrong user name or password", log: "A secret's file has changed")
        #expect(try await console.metrics().contains("payout_export_account_paused{account=\"default\"} 1\n"))
        stage.sandbox.faults = [PayoutSandbox.Fault(.signInError(.accountLocked))]
        try Data("sandbox-password\n".utf8).write(to: URL(fileURLWithPath: password))
        try await shows("allAccountsPaused", "the account is locked", log: "A secret's file has changed")
        // Somebody has unlocked it. A lock is not tried by itself: trying prolongs it.
        stage.sandbox.faults = []
        worker.signal(SIGHUP)
        try await goes("allAccountsPaused")
        try await worker.wait(for: "the account") { worker.errors.contains("Account works again") }
    }

    func configuration(_ file: String) async throws {
        try Data("worker.shutdown.timout: 20s\n".utf8).write(to: URL(fileURLWithPath: file))
        worker.signal(SIGHUP)
        try await shows("configurationNotReloaded", "WORKER_SHUTDOWN_TIMOUT", log: "cannot be read again")
        try Data("worker.shutdown.timeout: 20s\n".utf8).write(to: URL(fileURLWithPath: file))
        worker.signal(SIGHUP)
        try await goes("configurationNotReloaded")
    }

    func service() async throws {
        stage.sandbox.faults = [PayoutSandbox.Fault(.status(503))]
        try await enqueue("away", 4)
        try await shows("serviceUnreachable", "503", log: "A call failed; it is repeated")
        stage.sandbox.faults = [PayoutSandbox.Fault(.status(429, retryAfter: .seconds(3)))]
        try await shows("throttled", "fewer calls", log: "The service asks for fewer calls")
        try await goes("serviceUnreachable")
        stage.sandbox.faults = []
        try await goes("throttled")
    }

    func store() async throws {
        // A file where the directory was: the same to the store as a disk that takes nothing.
        try FileManager.default.removeItem(atPath: stage.files.path)
        try Data().write(to: URL(fileURLWithPath: stage.files.path))
        try await enqueue("full", 2)
        try await shows("downloadsFailing", stage.files.path, log: "A call failed; it is repeated")
        try FileManager.default.removeItem(atPath: stage.files.path)
        try FileManager.default.createDirectory(atPath: stage.files.path, withIntermediateDirectories: true)
        try await goes("downloadsFailing")
    }

    func stall() async throws {
        stage.sandbox.faults = [PayoutSandbox.Fault(.statusText("Processing"), on: [.get])]
        let deadline = Date().addingTimeInterval(40).ISO8601Format()
        try await enqueue("stalled", 1, #","deadline":"\#(deadline)""#)
    }

    func lateJob() async throws {
        try await shows("jobsLate", "stalled-0", log: "Health: somebody should look")
        try await worker.wait(for: "its end") { worker.errors.contains("code=deadlineExceeded") }
        stage.sandbox.faults = []
        try await goes("jobsLate")
    }

    func refusals() async throws {
        try await stage.write(
            partition: 0,
            of: stage.topics.jobs,
            key: "bad",
            values: [String](repeating: #"{"jobId":"bad","kind":"x"}"#, count: 1_100)
        )
        try await shows("intakePaused", "refused", log: "Intake paused")
        #expect(try await console.metrics().contains("payout_export_intake_pauses_total{reason=\"failures\"} 1\n"))
        // Said upon the commit, which may follow the pause. A thousand lines that say the same are not written.
        try await worker.wait(for: "a refusal in the log") { worker.errors.contains("A record is no job") }
        let lines = worker.errors.split(separator: "\n").count { $0.contains("A record is no job") }
        #expect((1...100).contains(lines), "\(lines)")
    }

    func broker() async throws {
        try stage.broker.takeDown()
        try await shows("kafkaUnreachable", "Kafka cannot be reached", log: "Kafka cannot be reached; trying on")
        #expect(try await console.metrics().contains("payout_export_kafka_connected 0\n"))
        try stage.broker.bringUp()
        try await goes("kafkaUnreachable")
    }
}

extension Stage {
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
