import Foundation
import Testing
import TestSupport

@testable import payout_worker

extension FaultsEndToEnd {
    /// A broker that requires a password, and a password file that changes while the worker runs.
    @Suite struct KafkaPasswordTests {
        private static let refusal = "the credentials are refused"

        private func environment(_ fixture: WorkerFixture, _ proxy: BrokerProxy, _ file: TemporaryFile) -> [String:
            String]
        {
            fixture.environment.merging([
                "KAFKA_BOOTSTRAP_SERVERS": proxy.bootstrapServers,
                "KAFKA_CLIENT_SECURITY_PROTOCOL": "sasl_plaintext", "KAFKA_CLIENT_SASL_MECHANISM": "PLAIN",
                "KAFKA_CLIENT_SASL_USERNAME": "worker", "KAFKA_CLIENT_SASL_PASSWORD_FILE": file.path,
            ]) { $1 }
        }

        private func write(_ password: String, to file: TemporaryFile) throws {
            try Data("\(password)\n".utf8).write(to: URL(filePath: file.path))
        }

        @Test func wrongPasswordAtTheStartIsReportedUntilItIsCorrected() async throws {
            try await WorkerFixture.with { fixture in
                let proxy = try BrokerProxy(for: fixture.broker, passwords: ["right-password"])
                defer { proxy.close() }
                let file = try TemporaryFile("wrong-password\n")
                let environment = environment(fixture, proxy, file)
                let checked = try await Command(["topics", "check"], environment: environment).end()
                #expect(checked.status == 1)
                #expect(checked.errors.contains(Self.refusal), "\(checked.errors)")

                let worker = try await RunningWorker(environment)
                let reason = try await worker.reports("kafkaAuthentication", Self.refusal)
                #expect(reason.remedy.contains("KAFKA_CLIENT_SASL_PASSWORD"))
                // librdkafka reports the refusal once in 30 seconds. Attempts in between find no broker and must not report that.
                var codes: Set<String> = []
                try await eventually("three more attempts") {
                    codes.formUnion(try await worker.console.reasons("readyz").map(\.code))
                    return worker.count("Kafka cannot be used, retrying") >= 4
                }
                #expect(codes.contains("kafkaAuthentication") && !codes.contains("kafkaUnreachable"), "\(codes)")
                #expect(proxy.refusals > 1)

                try write("right-password", to: file)
                try await worker.becomesReady()
                try await fixture.enqueue("after")
                try await fixture.completes("after")
                try await worker.stop()
                #expect(!worker.command.errors.contains("right-password"))
            }
        }

        @Test func rotatedPasswordIsUsedForTheNextConnections() async throws {
            try await WorkerFixture.with { fixture in
                let proxy = try BrokerProxy(for: fixture.broker, passwords: ["first"])
                defer { proxy.close() }
                let file = try TemporaryFile("first\n")
                let worker = try await RunningWorker(environment(fixture, proxy, file))
                try await worker.becomesReady()
                try await fixture.enqueue("first")
                try await fixture.completes("first")

                // The file changes before the broker: no connection is refused.
                proxy.passwords = ["first", "second"]
                try write("second", to: file)
                try await eventually("the clients have the new password") {
                    worker.count("clients use the new ones") == 1
                }
                proxy.passwords = ["second"]
                proxy.disconnect()
                try await fixture.enqueue("second")
                try await fixture.completes("second")
                #expect(proxy.refusals == 0)

                // The file changes after the broker: the reason is reported until the file contains the new password.
                proxy.passwords = ["third"]
                proxy.disconnect()
                try await worker.reports("kafkaAuthentication", Self.refusal)
                try await eventually("the worker is not ready") { try await !worker.console.isReady() }
                try write("third", to: file)
                try await worker.becomesReady()
                try await fixture.enqueue("third")
                try await fixture.completes("third")
                try await worker.stop()
            }
        }
    }
}
