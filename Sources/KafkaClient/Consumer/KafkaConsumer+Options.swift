extension KafkaConsumer {
    /// How a consumer works.
    public struct Options: Sendable {
        /// How long the consumer's thread waits for a rebalance request to be completed. Keep it below
        /// `max.poll.interval.ms`, after which the group excludes this member.
        public var rebalanceTimeout: Duration = .seconds(60)
        /// Whether the end of a partition is reported to the handler.
        public var reportsPartitionEnd = false
        /// How the group assigns partitions.
        public var groupProtocol = KafkaGroupProtocol.classic

        /// The defaults.
        public init() {}

        /// The properties of a consumer with these options. Assignment is cooperative unless the configuration says
        /// otherwise; offsets are committed by the caller alone. What the group protocol does not have is left out.
        func properties(over configuration: KafkaConfiguration, groupID: String) -> [String: String] {
            var all = configuration.base(adding: [
                "partition.assignment.strategy": "cooperative-sticky",
                "auto.offset.reset": "earliest",
                // What is fetched ahead, unpacked; librdkafka's 64 MiB would be most of a small worker's memory.
                "queued.max.messages.kbytes": "16384",
            ])
            if groupProtocol != .classic {
                // Versions that have no other protocol do not know the property.
                all["group.protocol"] = groupProtocol.rawValue
                for name in groupProtocol.unsupportedProperties { all[name] = nil }
            }
            all["group.id"] = groupID
            all["enable.auto.commit"] = "false"
            all["enable.auto.offset.store"] = "false"
            all["isolation.level"] = KafkaIsolation.readCommitted.rawValue
            all["enable.partition.eof"] = reportsPartitionEnd ? "true" : "false"
            return all
        }
    }
}
