extension EmbeddedKafka {
    /// The differences from a real broker, as sentences for users. What holds for transactions here need not hold with Kafka.
    public static let limits: [String] = [
        "Nothing is stored: all topics and offsets are gone when the process ends.",
        "Readers of committed records also see records of aborted and of open transactions.",
        "Consumer offsets that are sent in a transaction are accepted and discarded: after a restart the group begins again.",
        "A second producer with the same transactional id does not fence the first.",
        "A consumer group's outdated generation is accepted in a transaction.",
        "Topics cannot be created through the admin interface; a topic that is asked for appears with four partitions.",
        "A partition keeps at most 5 MiB or 100,000 record batches; older records are dropped. Topics are not compacted.",
        "The first member takes three seconds to join a group, each further one nearly the session time-out.",
        "Offsets cannot be looked up by time.",
        "There is no authentication and no encryption; any process on this machine can connect.",
    ]
}
