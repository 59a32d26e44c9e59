import Foundation
import KafkaClient
import Logging
import Testing
import WorkerKafka

@testable import payout_worker

/// The external broker that the environment names.
enum RealBroker {
    static let address = ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap {
        $0.isEmpty ? nil : $0
    }
}

extension CommandsEndToEnd {
    /// The embedded broker does not create topics on request and reports no settings.
    @Suite(.enabled(if: RealBroker.address != nil, "set KAFKA_BOOTSTRAP_SERVERS to run this on a real broker"))
    struct TopicCommandTests {
        /// Runs a body with unique topic names and deletes the topics afterwards.
        private static func withTopics(_ body: ([String: String]) async throws -> Void) async throws {
            let prefix = "payout-worker-test-\(UUID().uuidString.lowercased())"
            let environment = [
                "KAFKA_BOOTSTRAP_SERVERS": try #require(RealBroker.address), "KAFKA_TOPICS_JOBS": "\(prefix).jobs",
                "KAFKA_TOPICS_RESULTS": "\(prefix).results", "KAFKA_TOPICS_STATE": "\(prefix).state",
                "KAFKA_TOPICS_DEAD_LETTER": "\(prefix).dead-letter",
            ]
            func remove() async throws {
                let configuration = KafkaConfiguration(bootstrapServers: environment["KAFKA_BOOTSTRAP_SERVERS"] ?? "")
                let admin = try KafkaAdmin(configuration: configuration, logger: Logger(label: "test"))
                let names = try await admin.topics().map(\.name).filter { $0.hasPrefix(prefix) }
                _ = try await admin.deleteTopics(names)
                await admin.close()
            }
            do {
                try await body(environment)
            } catch {
                try await remove()
                throw error
            }
            try await remove()
        }

        private func run(_ arguments: String..., environment: [String: String]) async throws -> CommandOutput {
            try await Command(arguments, environment: environment).end()
        }

        @Test func topicsCreateIsIdempotent() async throws {
            try await Self.withTopics { environment in
                let missing = try await run("topics", "check", environment: environment)
                #expect(missing.status == 1)
                #expect(missing.output.contains("payout-worker topics create"))
                let first = try await run("topics", "create", "--partitions", "3", environment: environment)
                #expect(first.status == 0, "\(first.output) \(first.errors)")
                #expect(first.lines.filter { $0.contains("created with 3 partitions") }.count == 4)
                let second = try await run("topics", "create", "--partitions", "2", environment: environment)
                #expect(second.status == 0)
                #expect(second.lines.filter { $0.contains("exists with 3 partitions") }.count == 4)
                let checked = try await run("topics", "check", "-o", "json", environment: environment)
                #expect(checked.status == 0, "\(checked.output)")
                #expect((try checked.object()["findings"] as? [Any])?.isEmpty == true)
                #expect((try checked.object()["skipped"] as? [Any])?.isEmpty == true)
            }
        }

        @Test func stateTopicGetsThePartitionsOfTheJobsTopicAndItsPolicyIsChecked() async throws {
            try await Self.withTopics { environment in
                _ = try await run("topics", "create", "--partitions", "2", environment: environment)
                var wider = environment
                wider["KAFKA_TOPICS_JOBS"] = environment["KAFKA_TOPICS_JOBS"].map { $0 + ".wide" }
                let grown = try await run("topics", "create", "--partitions", "4", environment: wider)
                #expect(grown.output.contains("had 2 partitions, has 4 now"))
                #expect(try await run("topics", "check", environment: wider).status == 0)
                let narrow = try await run("topics", "check", environment: environment)
                #expect(narrow.status == 1)
                #expect(narrow.output.contains("--partitions 4"))

                var wrong = environment
                wrong["KAFKA_TOPICS_STATE"] = environment["KAFKA_TOPICS_DEAD_LETTER"]
                wrong["KAFKA_TOPICS_DEAD_LETTER"] = wider["KAFKA_TOPICS_JOBS"]
                let checked = try await run("topics", "check", environment: wrong)
                #expect(checked.status == 1)
                #expect(checked.output.contains("must have compact alone"))
                #expect(checked.output.contains("--add-config cleanup.policy=compact"))
            }
        }

        @Test func stateTopicIsUnchangedIfTheJobsTopicCannotBeCreated() async throws {
            try await Self.withTopics { environment in
                _ = try await run("topics", "create", "--partitions", "2", environment: environment)
                var other = environment
                other["KAFKA_TOPICS_JOBS"] = environment["KAFKA_TOPICS_JOBS"].map { $0 + ".more" }
                let failed = try await run(
                    "topics",
                    "create",
                    "--partitions",
                    "5",
                    "--replication-factor",
                    "99",
                    environment: other
                )
                #expect(failed.status == 1)
                #expect(failed.output.contains("left alone"))
                #expect(!failed.output.contains("has 5 now"))
            }
        }
    }
}
