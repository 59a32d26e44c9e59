import ExportCore
import ExportRecords
import Foundation
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension EndToEnd {
    /// Every status and every error code, over the wire: a worker's process, a broker, and the service's sandbox.
    @Suite struct EveryEndTests {
        /// Brings a job to one end.
        struct Scenario: Sendable {
            let status: JobStatus
            let code: JobErrorCode?
            let id: String
            /// The documents that are enqueued, one after the other.
            var documents: [[String: any Sendable]]
            var prepare: @Sendable (PayoutSandbox) -> Void = { _ in }
            /// What else the event must say.
            var check: @Sendable (EventDocument) -> Bool = { _ in true }

            init(_ status: JobStatus, _ code: JobErrorCode? = nil, _ more: [String: any Sendable] = [:]) {
                self.status = status
                self.code = code
                id = "ends-\(code.map { "\($0)" } ?? "\(status)")"
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
            var files: [File]

            struct File: Decodable {
                var location: String
                var stored: Bool
            }
        }

        /// Exhaustive: a new code does not compile until it has a scenario.
        private static func scenario(_ code: JobErrorCode) -> Scenario {
            switch code {
            case .invalidJob: Scenario(.rejected, code, ["kind": "nonsense"])
            case .unknownAccount: Scenario(.rejected, code, ["account": "nobody"])
            case .unknownJob: Scenario(.rejected, code, ["action": "cancel"])
            case .apiRejected: apiRejected
            case .exportFailed: exportFailed
            case .exportNotFound: exportNotFound
            case .deadlineExceeded: deadlineExceeded
            case .downloadFailed: downloadFailed
            }
        }

        private static func scenario(_ status: JobStatus) -> Scenario? {
            switch status {
            case .completed:
                var scenario = Scenario(.completed)
                scenario.check = { $0.files.first?.stored == true }
                return scenario
            case .cancelled:
                var scenario = Scenario(.cancelled, nil, ["notBefore": moment(3_600)])
                scenario.documents.append(["jobId": scenario.id, "action": "cancel"])
                return scenario
            case .failed, .rejected: return nil
            }
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

        /// Its export goes on at the service, and the event says which that is.
        private static var deadlineExceeded: Scenario {
            var scenario = Scenario(.failed, .deadlineExceeded, ["deadline": moment(3)])
            scenario.prepare = { sandbox in sandbox.updateExports { $0.queued = .fixed(.seconds(3_600)) } }
            scenario.check = { $0.requestId != nil }
            return scenario
        }

        /// Its file is ready at the service and cannot be had in time; the event says where it is.
        private static var downloadFailed: Scenario {
            var scenario = Scenario(.failed, .downloadFailed, ["deadline": moment(3)])
            scenario.prepare = { $0.add(.init(.status(503), on: [.blob])) }
            scenario.check = { $0.files.first?.stored == false }
            return scenario
        }

        private static func moment(_ seconds: Double) -> String {
            Date(timeIntervalSinceNow: seconds).ISO8601Format()
        }

        @Test func everyEndIsReached() async throws {
            let codes = JobErrorCode.allCases
            #expect(
                Set(
                    codes.map { Self.scenario($0).status } + JobStatus.allCases.compactMap { Self.scenario($0)?.status }
                )
                    == Set(JobStatus.allCases)
            )
            try await Stage.with { stage in
                let worker = try Command(["run"], environment: stage.environment)
                for status in JobStatus.allCases {
                    if let scenario = Self.scenario(status) { try await Self.live(scenario, on: stage, worker) }
                }
                // Each is made when its turn comes: deadlines count from then.
                for code in codes { try await Self.live(Self.scenario(code), on: stage, worker) }
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        private static func live(_ scenario: Scenario, on stage: Stage, _ worker: Command) async throws {
            stage.sandbox.faults = []
            stage.sandbox.updateExports { $0.queued = .fixed(.zero) }
            scenario.prepare(stage.sandbox)
            let records = try scenario.documents.map { document in
                OutgoingRecord(
                    key: Array(scenario.id.utf8),
                    value: Array(try JSONSerialization.data(withJSONObject: document))
                )
            }
            try await stage.write(records, to: stage.topics.jobs)
            var found: Stage.Read?
            let deadline = ContinuousClock.now + Command.limit
            while found == nil, ContinuousClock.now < deadline {
                found = try await stage.records(stage.topics.results).first { $0.key == scenario.id }
                if found == nil { try await Task.sleep(for: .milliseconds(100)) }
            }
            let record = try #require(found, "no event for \(scenario.id): \(worker.errors)")
            let event = try JSONDecoder().decode(EventDocument.self, from: Data((record.value ?? "").utf8))
            #expect(event.status == "\(scenario.status)", "\(scenario.id)")
            #expect(event.error?.code == scenario.code.map { "\($0)" }, "\(scenario.id)")
            #expect(record.header("ce_id") == "\(scenario.id)/\(scenario.status)")
            #expect(record.header("ce_type") == "payout.export.\(scenario.status)")
            #expect(scenario.check(event), "\(scenario.id): \(record.value ?? "")")
        }
    }
}
