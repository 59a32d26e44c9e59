import ExportCore
import ExportRecords
import Foundation
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension CommandsEndToEnd {
    /// Every status and every error code, with a worker's process, a broker, and the service's sandbox.
    @Suite struct JobOutcomeTests {
        /// A job that ends with one outcome.
        struct Scenario: Sendable {
            let status: JobStatus
            let code: JobErrorCode?
            let id: String
            /// The documents to enqueue, in order.
            var documents: [[String: any Sendable]]
            var prepare: @Sendable (PayoutSandbox) -> Void = { _ in }
            /// A further condition of the event.
            var check: @Sendable (EventDocument) -> Bool = { _ in true }

            /// Whether its deadline may pass too early on a slow machine. The scenario then runs again with a later one.
            var isTimed = false

            init(
                _ status: JobStatus,
                _ code: JobErrorCode? = nil,
                _ more: [String: any Sendable] = [:],
                suffix: String = ""
            ) {
                self.status = status
                self.code = code
                id = "ends-\(code.map { "\($0)" } ?? "\(status)")\(suffix)"
                documents = [["jobId": id, "kind": "payments"].merging(more) { $1 }]
            }
        }

        struct EventDocument: Decodable {
            struct Failure: Decodable {
                var code: String
                var message: String
            }

            var jobId: String
            var status: String
            var requestId: String?
            var attempts: Int
            var error: Failure?
            var source: Source
            var files: [File]

            struct Source: Decodable {
                var topic: String
                var partition: Int
                var offset: Int64
            }

            struct File: Decodable {
                var location: String
                var stored: Bool
            }
        }

        /// Exhaustive: a new code does not compile until it has a scenario.
        private static func scenario(_ code: JobErrorCode, deadline: Double = 3) -> Scenario {
            switch code {
            case .invalidJob: Scenario(.rejected, code, ["kind": "nonsense"])
            case .unknownAccount: Scenario(.rejected, code, ["account": "unconfigured"])
            case .unknownJob: Scenario(.rejected, code, ["action": "cancel"])
            case .conflictingJob: conflictingJob
            case .tooLarge: Scenario(.rejected, code, ["metadata": ["k": String(repeating: "m", count: 15_000)]])
            case .apiRejected: apiRejected
            case .exportFailed: exportFailed
            case .exportNotFound: exportNotFound
            case .deadlineExceeded: deadlineExceeded(after: deadline)
            case .downloadFailed: downloadFailed(after: deadline)
            }
        }

        private static func scenario(_ status: JobStatus) -> Scenario? {
            switch status {
            case .completed:
                var scenario = Scenario(.completed)
                scenario.check = { $0.files.first?.stored == true }
                return scenario
            case .cancelled:
                var scenario = Scenario(.cancelled, nil, ["notBefore": time(3_600)])
                scenario.documents.append(["jobId": scenario.id, "action": "cancel"])
                return scenario
            case .failed, .rejected: return nil
            }
        }

        /// The first job waits, and the second record is rejected.
        private static var conflictingJob: Scenario {
            var scenario = Scenario(.rejected, .conflictingJob, ["notBefore": time(3_600)])
            scenario.documents.append(["jobId": scenario.id, "kind": "payments", "filter": "paymentAmount gt 5"])
            scenario.check = { $0.source.offset > 0 }
            return scenario
        }

        private static var apiRejected: Scenario {
            var scenario = Scenario(.failed, .apiRejected)
            scenario.prepare = { $0.add(.init(.status(403), on: [.create], count: 1)) }
            return scenario
        }

        private static var exportFailed: Scenario {
            let filter = "programName eq 'sandbox-fail'"
            var scenario = Scenario(.failed, .exportFailed, ["filter": filter, "maxAttempts": 2])
            scenario.check = { $0.attempts == 2 }
            return scenario
        }

        private static var exportNotFound: Scenario {
            var scenario = Scenario(.failed, .exportNotFound, ["filter": "programName eq 'sandbox-vanish'"])
            scenario.check = { $0.requestId != nil }
            return scenario
        }

        /// Its export continues at the service, and the event contains its request id.
        private static func deadlineExceeded(after seconds: Double) -> Scenario {
            var scenario = timed(.deadlineExceeded, seconds)
            scenario.prepare = { sandbox in sandbox.updateExports { $0.queued = .fixed(.seconds(3_600)) } }
            scenario.check = { $0.requestId != nil }
            return scenario
        }

        /// Its file is ready at the service, but the download fails until the deadline. The event contains its location.
        private static func downloadFailed(after seconds: Double) -> Scenario {
            var scenario = timed(.downloadFailed, seconds)
            scenario.prepare = { $0.add(.init(.status(503), on: [.blob])) }
            scenario.check = { $0.files.first?.stored == false }
            return scenario
        }

        private static func timed(_ code: JobErrorCode, _ seconds: Double) -> Scenario {
            var scenario = Scenario(.failed, code, ["deadline": time(seconds)], suffix: "-\(Int(seconds))")
            scenario.isTimed = true
            return scenario
        }

        private static func time(_ seconds: Double) -> String {
            Date(timeIntervalSinceNow: seconds).ISO8601Format()
        }

        @Test func jobsEndWithEveryStatusAndErrorCode() async throws {
            let codes = JobErrorCode.allCases
            #expect(
                Set(
                    codes.map { Self.scenario($0).status } + JobStatus.allCases.compactMap { Self.scenario($0)?.status }
                )
                    == Set(JobStatus.allCases)
            )
            try await WorkerFixture.with { fixture in
                // A record of the state topic is large enough for every job but one.
                let limit = ["KAFKA_CLIENT_MESSAGE_MAX_BYTES": "12000"]
                let worker = try Command(["run"], environment: fixture.environment.merging(limit) { $1 })
                for status in JobStatus.allCases {
                    if let scenario = Self.scenario(status) { _ = try await Self.run(scenario, on: fixture, worker) }
                }
                // Scenarios are created one by one, because deadlines count from their creation.
                for code in codes {
                    var deadline = 3.0
                    while try await !Self.run(Self.scenario(code, deadline: deadline), on: fixture, worker) {
                        deadline *= 4
                    }
                }
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        /// - Returns: `false` if the deadline passed too early for the expected outcome.
        private static func run(_ scenario: Scenario, on fixture: WorkerFixture, _ worker: Command) async throws -> Bool
        {
            fixture.sandbox.faults = []
            fixture.sandbox.updateExports { $0.queued = .fixed(.zero) }
            scenario.prepare(fixture.sandbox)
            let records = try scenario.documents.map { document in
                OutgoingRecord(
                    key: Array(scenario.id.utf8),
                    value: Array(try JSONSerialization.data(withJSONObject: document))
                )
            }
            try await fixture.write(records, to: fixture.topics.jobs)
            var found: WorkerFixture.Record?
            let deadline = ContinuousClock.now + Command.limit
            while found == nil, ContinuousClock.now < deadline {
                found = try await fixture.records(fixture.topics.results).first { $0.key == scenario.id }
                if found == nil { try await Task.sleep(for: .milliseconds(100)) }
            }
            let record = try #require(found, "no event for \(scenario.id): \(worker.errors)")
            let event = try JSONDecoder().decode(EventDocument.self, from: Data((record.value ?? "").utf8))
            if scenario.isTimed, event.error?.code == "deadlineExceeded",
                !scenario.check(event) || scenario.code != .deadlineExceeded
            {
                return false
            }
            #expect(event.status == "\(scenario.status)", "\(scenario.id)")
            #expect(event.error?.code == scenario.code.map { "\($0)" }, "\(scenario.id)")
            let source = "\(event.source.partition)-\(event.source.offset)"
            #expect(event.source.topic == fixture.topics.jobs, "\(scenario.id)")
            #expect(record.header("ce_id") == "\(scenario.id)/\(source)/\(scenario.status)")
            #expect(record.header("ce_type") == "payout.export.\(scenario.status)")
            #expect(scenario.check(event), "\(scenario.id): \(record.value ?? "")")
            return true
        }
    }
}
