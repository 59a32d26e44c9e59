import CRDKafka

/// A cache of the names of librdkafka's topic objects: making a string for each record would cost too much.
struct TopicNames {
    private var names: [OpaquePointer: String] = [:]

    mutating func name(of topic: OpaquePointer?) -> String {
        guard let topic else { return "" }
        if let known = names[topic] { return known }
        let name = rd_kafka_topic_name(topic).map { String(cString: $0) } ?? ""
        names[topic] = name
        return name
    }
}
