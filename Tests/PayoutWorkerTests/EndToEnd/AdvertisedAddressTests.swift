import Testing

@testable import payout_worker

extension FaultsEndToEnd {
    /// A broker that answers at its bootstrap address, and advertises one at which it does not.
    @Suite struct AdvertisedAddressTests {
        @Test func unreachableAdvertisedAddressIsNamedByChecksAndByARunningWorker() async throws {
            try await WorkerFixture.with { fixture in
                let proxy = try BrokerProxy(for: fixture.broker)
                defer { proxy.close() }
                let refusing = try LoopbackSocket(isListening: false)
                defer { refusing.close() }
                let rightPort = proxy.advertisedPort
                proxy.advertisedPort = refusing.port
                var environment = fixture.environment
                environment["KAFKA_BOOTSTRAP_SERVERS"] = proxy.bootstrapServers
                let sentence = "The broker at 127.0.0.1:\(refusing.port) cannot be reached under the address"

                let topics = try await Command(["topics", "check"], environment: environment).end()
                #expect(topics.status == 1)
                #expect(topics.output.contains("problem: \(sentence)"), "\(topics.output) \(topics.errors)")
                #expect(topics.output.contains("correct advertised.listeners"))

                let connect = try await Command(["check-config", "--connect"], environment: environment).end()
                #expect(connect.status == 1)
                #expect(connect.errors.contains("The configuration is valid, but 1 check failed."), "\(connect.errors)")
                let failed = connect.lines.filter { $0.hasPrefix("failed:") }
                #expect(failed.count == 1 && failed.allSatisfy { $0.contains(sentence) }, "\(connect.output)")
                #expect(connect.output.contains("correct advertised.listeners"))

                let worker = try await RunningWorker(environment)
                let reason = try await worker.reports("kafkaUnreachable", sentence)
                #expect(reason.message.contains("advertised.listeners"))
                #expect(reason.remedy.contains("correct advertised.listeners"))
                #expect(try await !worker.console.isReady())
                try await worker.stop()

                proxy.advertisedPort = rightPort
                #expect(try await Command(["topics", "check"], environment: environment).end().status == 0)
                let next = try await RunningWorker(environment)
                try await next.becomesReady()
                try await fixture.enqueue("after")
                try await fixture.completes("after")
                try await next.stop()
            }
        }
    }
}
