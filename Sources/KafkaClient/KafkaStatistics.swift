import Foundation

/// The part of librdkafka's statistics that is worth a metric. Arrives every `statistics.interval.ms`, when that
/// property is set. Fields that librdkafka did not send are `nil`.
public struct KafkaStatistics: Sendable, Hashable {
    /// One broker as this client sees it.
    public struct Broker: Sendable, Hashable {
        /// `host:port/id`.
        public var name: String
        /// The broker's id; -1 for a bootstrap address whose id is not known yet.
        public var nodeID: Int
        /// `UP`, `DOWN`, `CONNECT`, `AUTH_REQ`, …
        public var state: String
        /// Requests waiting to be sent.
        public var outgoingRequests: Int
        /// Requests sent and not yet answered.
        public var requestsInFlight: Int
        /// Round-trip time of the last interval, average and 99th percentile, in microseconds.
        public var roundTripAverage: Int?
        /// See ``roundTripAverage``.
        public var roundTripP99: Int?
    }

    /// One partition as this client sees it.
    public struct Partition: Sendable, Hashable {
        /// Which.
        public var topicPartition: KafkaTopicPartition
        /// Records between the committed offset and the end that this consumer may read; `nil` when not known.
        public var consumerLag: Int64?
        /// The group's committed offset, `nil` when not known.
        public var committedOffset: Int64?
        /// The offset after the partition's last record, `nil` when not known.
        public var highWatermark: Int64?
        /// Records fetched and not yet handed out.
        public var fetchQueueCount: Int
        /// What the partition's reader does: `active` when it reads, `offset-query` and `offset-wait` while it asks where
        /// to begin, `none` before; `nil` when not known.
        public var fetchState: String?
    }

    /// The client's name in librdkafka's logs.
    public var clientName: String
    /// Operations and records waiting for this client to poll.
    public var replyQueueCount: Int
    /// Produced records that are not yet delivered.
    public var messageCount: Int
    /// The consumer group's state at this member, such as `up`.
    public var groupState: String?
    /// Rebalances since the client was made.
    public var rebalanceCount: Int?
    /// All brokers that the client knows.
    public var brokers: [Broker]
    /// The partitions that the client has or had to do with.
    public var partitions: [Partition]
}

extension KafkaStatistics {
    /// Reads librdkafka's document; `nil` when it is not one.
    init?(json: UnsafeRawBufferPointer) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(json)) else { return nil }
        self.init(document)
    }

    private init(_ document: Document) {
        clientName = document.name
        replyQueueCount = document.replyq ?? 0
        messageCount = document.msg_cnt ?? 0
        groupState = document.cgrp?.state
        rebalanceCount = document.cgrp?.rebalance_cnt
        brokers = (document.brokers ?? [:]).values.map { broker in
            Broker(
                name: broker.name,
                nodeID: broker.nodeid,
                state: broker.state,
                outgoingRequests: broker.outbuf_cnt ?? 0,
                requestsInFlight: broker.waitresp_cnt ?? 0,
                roundTripAverage: broker.rtt?.avg,
                roundTripP99: broker.rtt?.p99
            )
        }.sorted { $0.name < $1.name }
        partitions = (document.topics ?? [:]).values.flatMap { topic in
            // Partition -1 is librdkafka's queue of messages without a partition.
            topic.partitions.values.filter { $0.partition >= 0 }.map { partition in
                Partition(
                    topicPartition: KafkaTopicPartition(topic: topic.topic, partition: partition.partition),
                    consumerLag: Self.known(partition.consumer_lag),
                    committedOffset: Self.known(partition.committed_offset),
                    highWatermark: Self.known(partition.hi_offset),
                    fetchQueueCount: partition.fetchq_cnt ?? 0,
                    fetchState: partition.fetch_state
                )
            }
        }.sorted { $0.topicPartition < $1.topicPartition }
    }

    /// librdkafka writes negative numbers for what it does not know.
    private static func known(_ value: Int64?) -> Int64? {
        value.flatMap { $0 < 0 ? nil : $0 }
    }

    /// librdkafka's names, as in its STATISTICS.md.
    private struct Document: Decodable {
        struct Broker: Decodable {
            struct Window: Decodable {
                var avg: Int?
                var p99: Int?
            }
            var name: String
            var nodeid: Int
            var state: String
            var outbuf_cnt: Int?
            var waitresp_cnt: Int?
            var rtt: Window?
        }
        struct Topic: Decodable {
            struct Partition: Decodable {
                var partition: Int32
                var consumer_lag: Int64?
                var committed_offset: Int64?
                var hi_offset: Int64?
                var fetchq_cnt: Int?
                var fetch_state: String?
            }
            var topic: String
            var partitions: [String: Partition]
        }
        struct Group: Decodable {
            var state: String?
            var rebalance_cnt: Int?
        }
        var name: String
        var replyq: Int?
        var msg_cnt: Int?
        var brokers: [String: Broker]?
        var topics: [String: Topic]?
        var cgrp: Group?
    }
}
