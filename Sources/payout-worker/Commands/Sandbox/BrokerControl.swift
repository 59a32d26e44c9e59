import EmbeddedKafka
import Foundation
import PayoutSandbox

/// `/_sandbox/broker`: the faults of the embedded broker, for tests and checkers in other processes.
struct BrokerControl: Sendable {
    private let kafka: EmbeddedKafka

    init(_ kafka: EmbeddedKafka) { self.kafka = kafka }

    private static let path = "/_sandbox/broker"

    func reply(to request: PayoutSandbox.ControlRequest) -> PayoutSandbox.ControlReply? {
        guard request.path == Self.path else { return nil }
        do {
            switch request.method {
            case "GET": return try describe()
            case "POST":
                for trouble in try JSONDecoder().decode([BrokerTrouble].self, from: Data(request.body)) {
                    try carryOut(trouble)
                }
                return PayoutSandbox.ControlReply(json: Array("{}".utf8))
            default: return Self.refusal(405, "Only GET and POST are understood at \(Self.path).")
            }
        } catch let error as DecodingError {
            return Self.refusal(400, "The body is no list of troubles: \(error.reason)")
        } catch {
            return Self.refusal(500, "\(error)")
        }
    }

    private func describe() throws -> PayoutSandbox.ControlReply {
        struct Description: Encodable {
            var bootstrapServers: String
            var brokers: Int
            var requests: [String]
            var errors: [String]
        }
        let description = Description(
            bootstrapServers: kafka.bootstrapServers,
            brokers: kafka.brokerCount,
            requests: BrokerTrouble.requests.keys.sorted(),
            errors: BrokerTrouble.errors.keys.sorted()
        )
        return PayoutSandbox.ControlReply(json: Array(try JSONEncoder().encode(description)))
    }

    private func carryOut(_ trouble: BrokerTrouble) throws {
        switch trouble {
        case .errors(let requests, let errors): for api in requests { try kafka.pushErrors(api, errors) }
        case .down(let broker, let lasting):
            try kafka.takeDown(broker: broker)
            after(lasting) { try $0.bringUp(broker: broker) }
        case .up(let broker): try kafka.bringUp(broker: broker)
        case .slow(let broker, let delay, let lasting):
            try kafka.setRoundTripTime(delay, broker: broker)
            after(lasting) { try $0.setRoundTripTime(.zero, broker: broker) }
        case .leader(let topic, let partition, let broker):
            try kafka.setLeader(topic: topic, partition: partition, broker: broker)
        case .calm:
            for api in EmbeddedKafka.API.allCases { try kafka.clearErrors(api) }
            try kafka.setRoundTripTime(.zero)
            try kafka.bringUp()
        }
    }

    private func after(_ time: Duration?, _ body: @escaping @Sendable (EmbeddedKafka) throws -> Void) {
        guard let time else { return }
        Task { [kafka] in
            try await Task.sleep(for: time)
            // A cluster that is closed meanwhile has nothing to mend.
            try? body(kafka)
        }
    }

    private static func refusal(_ status: Int, _ message: String) -> PayoutSandbox.ControlReply {
        let document = ["error": ["code": "invalidRequest", "message": message]]
        let json = (try? JSONEncoder().encode(document)) ?? Data("{}".utf8)
        return PayoutSandbox.ControlReply(status: status, json: Array(json))
    }
}
