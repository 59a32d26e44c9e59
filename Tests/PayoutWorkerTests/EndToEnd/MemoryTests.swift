import TestSupport
#if os(Linux)
    import Foundation
    import KafkaClient
    import Testing
    import WorkerKafka

    @testable import payout_worker

    extension WorkersEndToEnd {
        /// The memory for a record that is small when compressed and large when decompressed. librdkafka decompresses it once;
        /// the worker must not add copies.
        @Suite struct MemoryTests {
            private static let zeros = 200_000_000
            /// Of the process, in bytes: the record twice, because two fetches can overlap, and an idle worker.
            private static let bound = 600 << 20

            @Test(arguments: ["gzip", "lz4"])
            func recordOfManyZerosIsDeadLetteredWithBoundedMemory(compression: String) async throws {
                try await WorkerFixture.with(partitions: 1) { fixture in
                    let worker = try await RunningWorker(fixture.environment)
                    try await worker.becomesReady()
                    try await Self.enqueueZeros(compression, fixture)
                    var letters: [WorkerFixture.Record] = []
                    try await eventually("the dead letter") {
                        letters = try await fixture.records(fixture.topics.deadLetter)
                        return !letters.isEmpty
                    }
                    let letter = try #require(letters.first)
                    #expect(letters.count == 1 && letter.key == "zeros" && letter.value == nil)
                    #expect(letter.header("__dlq.errors.value.omitted") != nil)
                    #expect(letter.header("__dlq.errors.value.size") == "\(Self.zeros)")
                    try await fixture.enqueue("after")
                    try await fixture.completes("after")
                    let peak = try Self.peakBytes(of: worker.command)
                    #expect(peak < Self.bound, "\(peak >> 20) MiB")
                    try await worker.stop()
                }
            }

            private static func enqueueZeros(_ compression: String, _ fixture: WorkerFixture) async throws {
                var kafka = try fixture.access.log.kafka
                kafka.properties.merge([
                    "compression.type": compression, "message.max.bytes": "300000000", "message.timeout.ms": "300000",
                ]) { $1 }
                let producer = try KafkaProducer(configuration: kafka, logger: try fixture.access.logger)
                try await producer.produce(
                    KafkaProducerRecord(
                        topic: fixture.topics.jobs,
                        partition: 0,
                        key: Array("zeros".utf8),
                        value: [UInt8](repeating: 0, count: zeros)
                    )
                )
                let failures = try await producer.flush(timeout: .seconds(300))
                await producer.close()
                #expect(failures.isEmpty)
            }

            /// The peak memory of the process.
            private static func peakBytes(of worker: Command) throws -> Int {
                let status = try String(contentsOfFile: "/proc/\(worker.processID)/status", encoding: .utf8)
                let kilobytes = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/)?.1)
                return try #require(Int(kilobytes)) * 1_024
            }
        }
    }
#endif
