import CRDKafka

/// The events of a native client: `ConsumerLoop`, `ProducerCore` and `LoggedEvents` handle them. All are called on the
/// thread that polls the client.
protocol ClientEvents: AnyObject {
    /// An error that concerns the client as a whole.
    func clientFailed(_ error: KafkaError)
    /// A produced message is delivered or has failed; `message.pointee.err` is why.
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>)
    /// The group assigns or revokes partitions; must assign or unassign before it returns.
    func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>)
}

extension ClientEvents {
    func messageDelivered(_ message: UnsafePointer<rd_kafka_message_t>) {}
    func rebalance(_ code: rd_kafka_resp_err_t, _ partitions: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {}
}
