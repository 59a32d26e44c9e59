import EmbeddedKafka
import Foundation

/// A fault to inject at the embedded broker, an element of the body of `POST /_sandbox/broker`.
enum BrokerFault: Decodable, Sendable {
    /// The next requests of these kinds fail, one per error, in this order.
    case errors(requests: [EmbeddedKafka.API], errors: [EmbeddedKafka.InjectedError])
    /// One broker or all close their connections and refuse new ones, for this time or until `up`.
    case down(broker: Int32?, Duration?)
    /// One broker or all accept connections again.
    case up(broker: Int32?)
    /// One broker or all answer later, for this time or until `calm`.
    case slow(broker: Int32?, Duration, lasting: Duration?)
    /// Another broker becomes the leader of a partition.
    case leader(topic: String, partition: Int32, broker: Int32)
    /// Ends all faults.
    case calm

    /// Kinds of requests by name.
    static let requests = Dictionary(uniqueKeysWithValues: EmbeddedKafka.API.allCases.map { ("\($0)", $0) })

    /// Errors by name.
    static let errors: [String: EmbeddedKafka.InjectedError] = [
        "none": .none, "disconnect": .disconnect, "coordinatorNotAvailable": .coordinatorNotAvailable,
        "notCoordinator": .notCoordinator, "coordinatorLoadInProgress": .coordinatorLoadInProgress,
        "notLeader": .notLeader, "concurrentTransactions": .concurrentTransactions,
        "illegalGeneration": .illegalGeneration, "unknownMemberID": .unknownMemberID,
        "producerFenced": .producerFenced, "invalidProducerEpoch": .invalidProducerEpoch,
        "messageTooLarge": .messageTooLarge, "notEnoughReplicas": .notEnoughReplicas,
        "topicAuthorizationFailed": .topicAuthorizationFailed,
    ]

    private enum Key: String, CodingKey {
        case kind, requests, errors, broker, seconds, milliseconds, topic, partition
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let broker = try fields.decodeIfPresent(Int32.self, forKey: .broker)
        let lasting = try fields.decodeIfPresent(Double.self, forKey: .seconds).map { Duration.seconds(max(0, $0)) }
        switch try fields.decode(String.self, forKey: .kind) {
        case "errors":
            self = .errors(
                requests: try Self.named(fields, .requests, Self.requests),
                errors: try Self.named(fields, .errors, Self.errors)
            )
        case "down": self = .down(broker: broker, lasting)
        case "up": self = .up(broker: broker)
        case "slow":
            let delay = Duration.milliseconds(try fields.decode(Int.self, forKey: .milliseconds))
            self = .slow(broker: broker, delay, lasting: lasting)
        case "leader":
            self = .leader(
                topic: try fields.decode(String.self, forKey: .topic),
                partition: try fields.decode(Int32.self, forKey: .partition),
                broker: try fields.decode(Int32.self, forKey: .broker)
            )
        case "calm": self = .calm
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .kind,
                in: fields,
                debugDescription: "'\(other)' is not one of errors, down, up, slow, leader, calm."
            )
        }
    }

    private static func named<Value>(
        _ fields: KeyedDecodingContainer<Key>,
        _ key: Key,
        _ known: [String: Value]
    ) throws -> [Value] {
        try fields.decode([String].self, forKey: key).map { name in
            if let value = known[name] { return value }
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: fields,
                debugDescription: "'\(name)' is not one of \(known.keys.sorted().joined(separator: ", "))."
            )
        }
    }
}
