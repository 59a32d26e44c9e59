import Foundation
import KafkaClient
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension WorkersEndToEnd {
    @Suite struct TracingTests {
        private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        private static let producer = "00f067aa0ba902b7"

        @Test func traceContinuesFromTheProducerThroughTwoWorkersToTheEvent() async throws {
            try await WorkerFixture.with { fixture in
                let collector = Collector()
                var environment = fixture.environment
                environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = try await collector.start()
                // The export continues while the first worker releases its partitions to the second.
                fixture.sandbox.faults = [PayoutSandbox.Fault(.statusText("Processing"), on: [.get])]
                try await Self.enqueue(fixture)
                let first = try Command(["run"], environment: environment)
                let processed = "process \(fixture.topics.jobs)"
                try await first.wait(for: "the first worker's spans") {
                    !collector.named(processed).isEmpty && collector.spans.contains { $0.name.hasPrefix("GET ") }
                }
                first.signal(SIGTERM)
                #expect(try await first.end().status == 0)
                let before = collector.spans.count
                fixture.sandbox.faults = []
                let second = try Command(["run"], environment: environment)
                try await second.wait(for: "the event's span") {
                    !collector.named("send \(fixture.topics.results)").isEmpty
                }
                second.signal(SIGTERM)
                #expect(try await second.end().status == 0)
                await collector.stop()
                try await Self.check(collector, fixture, before: before)
            }
        }

        private static func enqueue(_ fixture: WorkerFixture) async throws {
            try await fixture.access.withProducer { producer in
                let record = KafkaProducerRecord(
                    topic: fixture.topics.jobs,
                    key: Array("traced".utf8),
                    value: Array(#"{"jobId":"traced","kind":"payments"}"#.utf8),
                    headers: [
                        KafkaHeader("traceparent", "00-\(Self.trace)-\(Self.producer)-01"),
                        KafkaHeader("tracestate", "a=b"),
                    ]
                )
                try await producer.produce(record)
                _ = try await producer.flush()
            }
        }

        private static func check(_ collector: Collector, _ fixture: WorkerFixture, before: Int) async throws {
            let process = try #require(collector.named("process \(fixture.topics.jobs)").first { $0.traceID == trace })
            #expect(process.parentID == producer && process.links == [producer] && process.kind == 5)
            #expect(process.attributes["messaging.destination.partition.id"] != nil)
            #expect(process.attributes["messaging.kafka.message.key"] == "traced")
            #expect(process.service == "payout-export-worker")

            let send = try #require(collector.named("send \(fixture.topics.results)").first)
            #expect(send.traceID == trace && send.parentID == process.spanID && send.kind == 4)
            let event = try #require(try await fixture.records(fixture.topics.results).first { $0.key == "traced" })
            #expect(send.attributes["messaging.message.id"] == event.header("ce_id"))
            // The second worker knows the first one's span only from the state record.
            let later = collector.spans.dropFirst(before)
            #expect(
                later.contains { $0.name.hasPrefix("GET ") && $0.traceID == trace && $0.parentID == process.spanID }
            )
            let life = try #require(collector.named("export payments").first)
            #expect(life.traceID == trace && life.attributes["payout.export.status"] == "completed")
            #expect(!collector.named("poll \(fixture.topics.jobs)").isEmpty)
            #expect(!collector.named("commit \(fixture.topics.jobs)").isEmpty)
            #expect(
                !collector.spans.contains {
                    $0.attributes.values.contains { $0.contains("sig=") && !$0.contains("REDACTED") }
                }
            )

            #expect(event.header("traceparent") == "00-\(trace)-\(send.spanID)-01")
            #expect(event.header("tracestate") == "a=b")
        }
    }
}
