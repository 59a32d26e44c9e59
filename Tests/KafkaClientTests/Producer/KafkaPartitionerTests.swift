import CRDKafka
import KafkaClient
import Testing

@Suite struct KafkaPartitionerTests {
    /// Hashes that the Java client's own unit tests hold it to.
    private static let javaHashes: [(String, Int32)] = [
        ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ]

    @Test func hashEqualsTheJavaClients() {
        for (key, hash) in Self.javaHashes {
            for count: Int32 in [1, 2, 12, 1000, .max] {
                #expect(murmur2Partition(key: Array(key.utf8), partitionCount: count) == (hash & 0x7fff_ffff) % count)
            }
        }
    }

    @Test func hashEqualsLibrdkafkasForEveryLength() {
        var generator = SystemRandomNumberGenerator()
        for length in 0..<200 {
            let key = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for count: Int32 in [1, 3, 6, 12, 100] {
                let expected = key.withUnsafeBytes {
                    // An empty key still has an address there.
                    rd_kafka_msg_partitioner_murmur2(nil, $0.baseAddress, $0.count, count, nil, nil)
                }
                #expect(murmur2Partition(key: key, partitionCount: count) == expected, "key \(key)")
            }
        }
    }

    @Test func partitionerAcceptsAnyCollectionOfBytes() {
        let key = "partner-42"
        #expect(
            murmur2Partition(key: key.utf8, partitionCount: 12)
                == murmur2Partition(key: Array(key.utf8)[...], partitionCount: 12)
        )
    }
}
