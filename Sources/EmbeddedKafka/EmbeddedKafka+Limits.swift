extension EmbeddedKafka {
    /// The differences from a real broker, as sentences for users, each in a line of 76 characters. What holds for transactions
    /// here need not hold with Kafka.
    public static let limits: [String] = [
        "Nothing is stored: all topics and offsets are gone when the process ends.",
        "Readers of committed records also see aborted and open transactions.",
        "Offsets of a transaction are discarded: a restarted group begins again.",
        "A second producer with the same transactional id does not fence the first.",
        "A consumer group's outdated generation is accepted in a transaction.",
        "Admin requests create no topics. A topic appears when a client uses it.",
        "A topic that appears in this way has four partitions.",
        "A partition keeps its newest 5 MiB or 100,000 record batches.",
        "Topics are not compacted.",
        "The first member joins in 3 s, others in nearly the session time-out.",
        "Offsets cannot be looked up by time.",
        "No authentication, no encryption: any process on this machine can connect.",
    ]
}
