import Foundation
import KafkaClient
import PayoutSandbox
import Testing
import WorkerKafka

@testable import payout_worker

extension EndToEnd {
    @Suite struct TracingTests {
        private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        private static let producer = "00f067aa0ba902b7"

        @Test func oneTraceLeadsFromTheProducerThroughTwoWorkersToTheEvent() async throws {
            try await Stage.with { stage in
                let collector = Collector()
                var environment = stage.environment
                environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = try await collector.start()
                defer { collector.stop() }
                // The export goes on while the first worker hands over to the second.
                stage.sandbox.faults = [PayoutSandbox.Fault(.statusText("Processing"), on: [.get])]
                try await Self.enqueue(stage)
                let first = try Command(["run"], environment: environment)
                let processed = "process \(stage.topics.jobs)"
                try await first.wait(for: "the first worker's spans") {
                    !collector.named(processed).isEmpty && collector.spans.contains { $0.name.hasPrefix("GET ") }
                }
                first.signal(SIGTERM)
                #expect(try await first.end().status == 0)
                let before = collector.spans.count
                stage.sandbox.faults = []
                let second = try Command(["run"], environment: environment)
                try await second.wait(for: "the event's span") {
                    !collector.named("send \(stage.topics.results)").isEmpty
                }
                second.signal(SIGTERM)
                #expect(try await second.end().status == 0)
                try await Self.check(collector, stage, before: before)
            }
        }

        private static func enqueue(_ stage: Stage) async throws {
            try await stage.access.withProducer { producer in
                let record = KafkaProducerRecord(
                    topic: stage.topics.jobs,
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

        private static func check(_ collector: Collector, _ stage: Stage, before: Int) async throws {
            let process = try #require(collector.named("process \(stage.topics.jobs)").first { $0.traceID == trace })
            #expect(process.parentID == producer && process.links == [producer] && process.kind == 5)
            #expect(process.attributes["messaging.destination.partition.id"] != nil)
            #expect(process.attributes["messaging.kafka.message.key"] == "traced")
            #expect(process.service == "payout-export-worker")

            let send = try #require(collector.named("send \(stage.topics.results)").first)
            #expect(send.traceID == trace && send.parentID == process.spanID && send.kind == 4)
            #expect(send.attributes["messaging.message.id"] == "traced/completed")
            // The second worker knows of the first one's span from the state record alone.
            let later = collector.spans.dropFirst(before)
            #expect(
                later.contains { $0.name.hasPrefix("GET ") && $0.traceID == trace && $0.parentID == process.spanID }
            )
            let life = try #require(collector.named("export payments").first)
            #expect(life.traceID == trace && life.attributes["payout.export.status"] == "completed")
            #expect(!collector.named("poll \(stage.topics.jobs)").isEmpty)
            #expect(!collector.named("commit \(stage.topics.jobs)").isEmpty)
            #expect(
                !collector.spans.contains {
                    $0.attributes.values.contains { $0.contains("sig=") && !$0.contains("REDACTED") }
                }
            )

            let event = try #require(try await stage.records(stage.topics.results).first { $0.key == "traced" })
            #expect(event.header("traceparent") == "00-\(trace)-\(send.spanID)-01")
            #expect(event.header("tracestate") == "a=b")
        }
    }
}

struct SpanIdentityTests {
    @Test func w3cTraceContexts() throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let identity = try #require(SpanIdentity(parent: text, state: "a=b"))
        #expect(identity.parent == text && identity.isSampled && identity.state == "a=b")
        #expect(identity.child.traceID == identity.traceID && identity.child.spanID != identity.spanID)
        let future = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"
        #expect(try #require(SpanIdentity(parent: future, state: nil)).isSampled == false)
        let root = SpanIdentity.root(isSampled: true)
        #expect(SpanIdentity(parent: root.parent, state: nil) == root)
    }

    @Test(arguments: [
        "", "00", "00-0-0-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ])
    func brokenOnesAreNone(_ text: String) {
        #expect(SpanIdentity(parent: text, state: nil) == nil)
    }
}
