import KafkaClient

/// How a committer's producer gathers records into batches: its configuration follows from this.
struct ProducerBatching: Equatable {
    /// The largest batch, in bytes. A single record may be larger.
    var bytes: Int
    /// Whether each record is a batch of its own, so that what is refused is one record.
    var isSingle = false

    init(_ limits: TopicLimits, _ kafka: KafkaConfiguration, isSingle: Bool = false) {
        let own = kafka.properties["batch.size"].flatMap { Int($0) } ?? 1_000_000
        bytes = max(1, min(own, limits.batchBytes))
        self.isSingle = isSingle
    }

    /// The configuration of a producer that gathers so.
    func configuration(_ kafka: KafkaConfiguration) -> KafkaConfiguration {
        var kafka = kafka
        kafka.properties.merge(["message.max.bytes": "\(TopicLimits.clientMaxBytes)"]) { own, _ in own }
        kafka.properties["batch.size"] = "\(bytes)"
        if isSingle { kafka.properties["batch.num.messages"] = "1" }
        return kafka
    }
}
