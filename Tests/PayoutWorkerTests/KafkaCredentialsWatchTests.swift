import Foundation
import KafkaClient
import Logging
import Testing
import WorkerKafka

@testable import payout_worker

@Suite struct KafkaCredentialsWatchTests {
    private func configuration(passwordFile: String) throws -> WorkerConfiguration {
        var environment = WorkerConfigurationTests.complete
        environment["KAFKA_CLIENT_SASL_USERNAME"] = "worker"
        environment["KAFKA_CLIENT_SASL_PASSWORD_FILE"] = passwordFile
        return try WorkerConfiguration(Settings(environment: environment))
    }

    @Test func changedPasswordFileReachesTheClients() async throws {
        let file = try TemporaryFile("first\n")
        let configuration = try configuration(passwordFile: file.path)
        let credentials = try #require(configuration.log.kafka.credentials)
        let secrets = try #require(configuration.kafkaSecrets)
        #expect(secrets.paths == [file.path])
        #expect(credentials.set(username: "worker", password: "first") == nil)
        let watch = Task {
            await KafkaCredentialsWatch(
                secrets: secrets,
                credentials: credentials,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                interval: .milliseconds(5)
            ).run()
        }
        // Emptied first, as an editor does: the empty file is not used as the new password.
        try Data().write(to: URL(filePath: file.path))
        try Data("second\n".utf8).write(to: URL(filePath: file.path))
        let deadline = ContinuousClock.now + .seconds(300)
        while credentials.changeCount == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(credentials.set(username: "worker", password: "second") == nil)
        watch.cancel()
        await watch.value
    }

    @Test func changedCredentialsNeedNoRestartAndOtherPropertiesDo() throws {
        let first = try TemporaryFile("first\n")
        let second = try TemporaryFile("second\n")
        let current = try configuration(passwordFile: first.path)
        var next = try configuration(passwordFile: second.path)
        next.log.workerID = current.log.workerID
        next.log.kafka.properties["client.id"] = current.log.kafka.properties["client.id"]
        #expect(ConfigurationReload.needRestart(current, next) == [])
        next.log.kafka.properties["client.rack"] = "r2"
        #expect(ConfigurationReload.needRestart(current, next) == ["KAFKA_CLIENT_… or KAFKA_BOOTSTRAP_SERVERS"])
    }
}
